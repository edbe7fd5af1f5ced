"""The distributions as one SVG: a row for each candidate, a logarithmic axis of milliseconds, ticks at p50, p95 and p99."""

import html
import math

LEFT, WIDTH, ROW, TOP, BINS = 250, 640, 44, 40, 160


def draw(path, times, summaries, title):
    lowest = min(min(values) for values in times.values()) * 0.9
    highest = max(summary["p99"] for summary in summaries.values()) * 1.3
    scale = WIDTH / math.log(highest / lowest)

    def x(value):
        return LEFT + min(WIDTH, math.log(value / lowest) * scale)

    height = TOP + ROW * len(times) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="10" y="20" font-size="14">{html.escape(title)}</text>',
    ]
    bottom = TOP + ROW * len(times)
    for value in axis(lowest, highest):
        parts.append(f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{TOP}" y2="{bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{x(value):.1f}" y="{bottom + 16}" text-anchor="middle">{value:g}</text>')
    parts.append(f'<text x="{LEFT + WIDTH}" y="{bottom + 32}" text-anchor="end">milliseconds</text>')
    for row, (name, values) in enumerate(times.items()):
        base = TOP + ROW * (row + 1) - 4
        parts.append(f'<text x="{LEFT - 10}" y="{base - 8}" text-anchor="end">{html.escape(name)}</text>')
        parts.append(f'<path d="{outline(values, lowest, highest, base)}" fill="#7aa6d8"/>')
        for key, colour in (("p50", "#000"), ("p95", "#c60"), ("p99", "#c00")):
            at = x(summaries[name][key])
            parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{base - 14}" y2="{base + 3}" stroke="{colour}"/>')
    parts.append("</svg>")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts) + "\n")


def axis(lowest, highest):
    """1, 2, 5, 10, …"""
    decade = 10.0 ** math.floor(math.log10(lowest))
    while decade <= highest:
        yield from (value for value in (decade, 2 * decade, 5 * decade) if lowest <= value <= highest)
        decade *= 10


def outline(values, lowest, highest, base):
    counts = [0] * BINS
    span = math.log(highest / lowest)
    for value in values:
        place = int(math.log(value / lowest) / span * BINS)
        if 0 <= place < BINS:
            counts[place] += 1
    most = max(counts)
    width = WIDTH / BINS
    points = [f"M{LEFT},{base}"]
    for place, count in enumerate(counts):
        top = base - count / most * (ROW - 12)
        points.append(f"L{LEFT + place * width:.1f},{top:.1f} L{LEFT + (place + 1) * width:.1f},{top:.1f}")
    return " ".join(points) + f" L{LEFT + WIDTH},{base} Z"
