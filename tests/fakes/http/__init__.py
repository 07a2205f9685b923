"""What the stand-ins for chat platforms share: an HTTP server that goes wrong as it is told.

A platform adds what is its own in its folder: how its requests are read and its answers look, what
it does when a request comes and when its answer goes, and the faults that only it knows.

- ``exchange``: ``Request`` as it came, ``Answer`` (what the server needs of an answer) and the
  plain ``Response``
- ``faults``: ``Fault`` and the functions that make those every platform knows, ``Script`` (which
  request suffers which)
- ``server``: ``HttpServer`` on a port of its own of 127.0.0.1, which plays them
"""
