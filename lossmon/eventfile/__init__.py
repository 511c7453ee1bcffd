"""The log: TFRecord framing, the `Event` fields in use, writer and reader. No protobuf, no torch."""
