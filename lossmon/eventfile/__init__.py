"""The log: TFRecord framing, the `Event` fields in use, writer, reader. No protobuf, no torch."""
