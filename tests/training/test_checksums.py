"""CRC-32C against known values and against TensorBoard's own."""

import random

from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from experiments.training.stacked.checksums import _checksums, masked_checksums


def test_the_values_of_the_standard() -> None:
    # RFC 3720, appendix B.4, and the usual check value.
    known = {bytes(32): 0x8A9136AA, b"\xff" * 32: 0x62A8AB43, bytes(range(32)): 0x46DD794E, b"123456789": 0xE3069283}
    assert _checksums(list(known)).tolist() == list(known.values())


def test_records_of_all_lengths_are_as_tensorboard_has_them() -> None:
    generator = random.Random(0)
    records = [generator.randbytes(generator.choice([0, 1, 7, 8, 100, 255, 300, 400, 401, 2000])) for _ in range(200)]
    assert masked_checksums(records) == [masked_crc32c(record) for record in records]
    assert masked_checksums([]) == []
