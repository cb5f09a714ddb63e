"""What is looked for in the templates before anything is deployed."""
