"""Plot the numbers that are known of each event, and choose events by gates."""
