"""The Assessment tab: can I trust it?"""
