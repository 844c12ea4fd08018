"""Files of a deployment kit as they are copied: they use nothing of AID Desktop."""
