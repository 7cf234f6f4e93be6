"""Azure Functions, on Flex and on the classic consumption plan."""
