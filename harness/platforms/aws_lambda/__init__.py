"""AWS Lambda, behind a function URL, an API Gateway, or on managed instances."""
