"""A whole class-incremental run on the digits with transformers and PEFT, through every front of the engine."""
