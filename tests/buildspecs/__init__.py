"""The build specifications, executed in bash the way CodeBuild does it, and the sample service."""
