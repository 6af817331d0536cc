"""What the pages show: frozen values, few queries each."""
