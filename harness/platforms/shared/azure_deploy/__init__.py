"""Deploying on Azure: everything over Azure Resource Manager, the registry's and the function app's own APIs."""
