"""The embedded platform: a serverless function and a container service on real OS processes, on loopback."""
