"""Usage priced again: what late and corrected records displace, and runs that people ask for."""
