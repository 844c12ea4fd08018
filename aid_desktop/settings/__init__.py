"""What a user can choose: frozen, validated dataclasses. Standard library only."""
