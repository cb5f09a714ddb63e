"""The real parts of a full rehearsal: images, containers, load balancer, name server, traffic. They need root."""
