"""The Data tab: what do I have?"""
