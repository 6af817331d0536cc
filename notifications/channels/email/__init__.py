"""E-mail over SMTP, through Django's mail backend."""
