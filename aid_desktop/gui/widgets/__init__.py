"""Small parts that the tabs are made of."""
