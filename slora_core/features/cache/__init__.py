"""The smart feature cache, by content: device, RAM and disk."""
