"""Azure Container Apps on the consumption plan."""
