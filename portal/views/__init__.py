"""The pages: each translates the request, makes one call, and shows the answer."""
