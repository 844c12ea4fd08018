"""The History tab: how did it go?"""
