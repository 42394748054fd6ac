"""The widgets of the window: each shows models and emits intents; none holds state that a model should hold."""
