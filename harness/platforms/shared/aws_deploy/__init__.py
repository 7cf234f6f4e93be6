"""Deploying on AWS: an image, the stack that all targets share, and a stack a target, over boto3 and CloudFormation."""
