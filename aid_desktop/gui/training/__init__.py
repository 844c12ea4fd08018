"""The Training tab: how does it learn?"""
