"""Kubernetes: a Deployment or a Knative Service, in a cluster of EKS, GKE or AKS."""
