"""What the window costs: frames, a run that streams, an hour of events, history, what-if, the first painting."""
