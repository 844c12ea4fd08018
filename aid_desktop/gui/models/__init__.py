"""Item models: Qt's view of the core's frozen values."""
