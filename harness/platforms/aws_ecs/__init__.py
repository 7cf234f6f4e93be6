"""Amazon ECS, on Fargate or on EC2, and machines of EC2 that a team runs itself."""
