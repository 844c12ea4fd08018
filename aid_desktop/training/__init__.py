"""The epoch loop: frozen settings in through a mailbox, frozen events out through `publish`."""
