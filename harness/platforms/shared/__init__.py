"""What several platforms need: clouds' APIs, credentials, price books, sources that are asked about many."""
