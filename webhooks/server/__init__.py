"""Where HTTP begins: the event loop, the gate before the Flask app, the process."""
