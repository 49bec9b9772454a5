# SPDX-License-Identifier: BSD-3-Clause
"""pcap files of Ethernet frames, with nanoseconds, in the order in which they are given."""
import struct

MAGIC_MICROSECONDS, MAGIC_NANOSECONDS = 0xa1b2c3d4, 0xa1b23c4d
LINKTYPE_ETHERNET = 1


def write(path, frames):
    """frames: [(time in ns, octets)]."""
    with open(path, 'wb') as file:
        file.write(struct.pack('<IHHiIII', MAGIC_NANOSECONDS, 2, 4, 0, 0, 65535, LINKTYPE_ETHERNET))
        for time_ns, octets in frames:
            file.write(struct.pack('<IIII', time_ns // 10 ** 9, time_ns % 10 ** 9, len(octets), len(octets)) + octets)


def read(path):
    """[(time in ns, octets)] of a file in either byte order and resolution."""
    with open(path, 'rb') as file:
        data = file.read()
    for order in '<>':
        magic = struct.unpack(order + 'I', data[:4])[0]
        if magic in (MAGIC_MICROSECONDS, MAGIC_NANOSECONDS):
            break
    else:
        raise ValueError('%s is no pcap file' % path)
    scale = 1 if magic == MAGIC_NANOSECONDS else 1000
    frames, position = [], 24
    while position < len(data):
        seconds, fraction, length, _ = struct.unpack(order + 'IIII', data[position:position + 16])
        frames.append((seconds * 10 ** 9 + fraction * scale, data[position + 16:position + 16 + length]))
        position += 16 + length
    return frames
