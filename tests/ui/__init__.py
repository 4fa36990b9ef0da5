"""A package, so that its fixtures end with it: Playwright keeps an event loop for as long as it runs."""
