"""sendy-cfn: a small YAML description of a platform in, reviewed CloudFormation out."""

__version__ = "0.1.0"
