"""Deploying on Google Cloud: APIs, an image, accounts, a key, and Cloud Run services, over Google's REST APIs."""
