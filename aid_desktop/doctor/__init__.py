"""What this computer is and can do: hardware, drivers, versions, speed, and advice that follows from them."""
