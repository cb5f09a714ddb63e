"""A dry rehearsal, without root and containers: images are noted down, their programs run as local processes."""
