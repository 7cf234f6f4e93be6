"""What sources and runtimes share about cloud APIs: clients, calls that are tried again, facts without accounts."""
