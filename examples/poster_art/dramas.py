"""Posters of dramas: a city of towers, a sun over a lake, a river of ice."""

from __future__ import annotations

from poster_art.canvas import HEIGHT, WIDTH, Canvas, at, curve, fir, mirrored, spots


def metropolis(canvas: Canvas) -> None:
    """Draw Metropolis (1927): a tower among towers, and beams of light."""
    canvas.fill("#10131a")
    canvas.bands(0, 640, ["#131a26", "#182231", "#1d2a3d", "#233349", "#2a3d56", "#324863"])
    for left, right in at("40,110 190,240 360,410 490,560"):
        canvas.polygon([(300, 660), (left, 0), (right, 0)], "#e9c97a30")
    blocks = spots("0,380,90 70,300,80 130,420,70 520,340,90 450,280,84 400,430,70 20,480,60 500,470,70")
    greys = ("#20293a", "#2a3446", "#1b2332", "#20293a", "#2a3446", "#1b2332", "#151c29", "#151c29")
    for (left, top, width), colour in zip(blocks, greys, strict=True):
        canvas.rectangle(left, top, left + width, 700, colour)
        for row in range(int((680 - top) / 26)):
            for column in range(int(width / 18)):
                if (row * 7 + column * 5 + left) % 4:
                    x, y = left + 8 + column * 18, top + 14 + row * 26
                    canvas.rectangle(x, y, x + 7, y + 11, "#c99b3f" if (row + column) % 3 else "#f2dc9c")
    gold, dark = "#d8ab4c", "#8a682c"
    tower = at("292,60 292,150 270,150 270,230 244,230 244,340 214,340 214,480 182,480 182,700")
    canvas.polygon(mirrored(tower), gold)
    canvas.polygon([(300, 60), *((600 - x, y) for x, y in tower), (300, 700)], dark)
    for step, (half, top, bottom) in enumerate(spots("8,165,225 18,245,335 40,355,475 66,495,690")):
        for fin in range(-step - 1, step + 2):
            x = 300 + fin * half / (step + 1)
            canvas.rectangle(x - 3, top, x + 3, bottom, "#3c2d17")
    canvas.line(curve(at("0,560 150,520 300,512 450,520 600,560")), 12, "#e7d6a8")
    canvas.line(curve(at("0,578 150,538 300,530 450,538 600,578")), 5, "#3c2d17")
    for x, y in at("60,530 210,500 392,500 540,530"):
        canvas.rectangle(x - 16, y - 10, x + 16, y + 4, "#b3312a")
    for x, y, scale in ((120, 180, 1), (470, 130, 0.8)):
        canvas.rectangle(x - 40 * scale, y - 3, x + 40 * scale, y + 3, "#e7d6a8")
        canvas.rectangle(x - 32 * scale, y + 14 * scale, x + 32 * scale, y + 14 * scale + 5, "#e7d6a8")
        canvas.rectangle(x - 4, y - 10 * scale, x + 4, y + 26 * scale, "#e7d6a8")
    canvas.rectangle(0, 666, WIDTH, HEIGHT, "#10131a")
    canvas.rectangle(0, 666, WIDTH, 672, gold)
    canvas.rectangle(0, 677, WIDTH, 679, gold)
    canvas.text("METROPOLIS", 788, 106, "#f2dc9c", width=540, tracking=0.02)
    canvas.text("A film by FRITZ LANG", 826, 30, gold, tracking=0.08)
    canvas.text("1927", 864, 32, "#f2dc9c", tracking=0.2)


def sunrise(canvas: Canvas) -> None:
    """Draw Sunrise (1927): a rowing boat on a bright lake; no year is printed."""
    canvas.fill("#f6c667")
    canvas.bands(0, 520, ["#f9dc8e", "#f8d07a", "#f6c069", "#f3ab5b", "#ee9453", "#e67c50"])
    canvas.rays(300, 520, 24, "#fff0bd66", turn=3)
    canvas.disc(300, 520, 170, "#fdf3d0")
    canvas.disc(300, 520, 146, "#f7d774")
    canvas.polygon([*curve(at("0,470 90,440 180,486 250,520")), (0, 530)], "#8c4a52")
    canvas.polygon([*curve(at("600,450 520,430 420,480 340,520")), (600, 530)], "#7b3f4d")
    canvas.rectangle(0, 516, WIDTH, HEIGHT, "#3b4f7a")
    for stripe in range(10):
        top, reach = 524 + stripe * 22, 150 - stripe * 7 + (stripe % 3) * 24
        canvas.rectangle(300 - reach, top, 300 + reach, top + 9, "#f2b25f" if stripe % 2 else "#f8d98a")
    for x, y, half in spots("70,560,50 530,556,50 60,640,46 548,650,40 90,720,60 520,730,60"):
        canvas.rectangle(x - half, y, x + half, y + 5, "#5d7199")
    ink = "#1e1a2b"
    canvas.polygon(
        curve(at("170,612 230,656 300,662 370,656 436,606 420,640 376,684 300,692 224,684 186,648 170,612")),
        ink,
    )
    canvas.polygon(at("184,626 420,620 376,684 224,684"), ink)
    canvas.line([(262, 640), (150, 700)], 6, ink)
    canvas.line([(150, 700), (128, 712)], 14, ink)
    canvas.polygon(curve(at("240,640 244,580 264,562 290,574 298,640")), ink)
    canvas.disc(268, 546, 18, ink)
    canvas.ellipse(268, 536, 26, 5, ink)
    canvas.polygon(curve(at("326,640 326,594 346,574 372,590 388,640")), ink)
    canvas.disc(348, 560, 16, ink)
    canvas.ellipse(350, 552, 21, 12, ink)
    canvas.text("William Fox presents", 60, 26, "#6b2b3c", font="italic")
    canvas.text("SUNRISE", 186, 150, "#7a2036", font="serif", width=520, tracking=0.05)
    canvas.text("A Song of Two Humans", 236, 40, "#6b2b3c", font="italic")
    canvas.text("JANET GAYNOR", 800, 40, "#fdf3d0", x=40, align="l", width=240, tracking=0.04)
    canvas.text("GEORGE O'BRIEN", 800, 40, "#fdf3d0", x=560, align="r", width=240, tracking=0.04)
    canvas.text("Directed by F. W. Murnau", 852, 28, "#f8d98a", font="serif")


def way_down_east(canvas: Canvas) -> None:
    """Draw Way Down East (1920): ice floes on a dark river, and falling snow."""
    canvas.fill("#dfe8ea")
    canvas.bands(0, 430, ["#8fa9b5", "#9db5bf", "#adc2ca", "#becfd5", "#cfdce0"])
    canvas.polygon(at("0,440 0,330 120,290 240,350 380,300 500,340 600,296 600,440"), "#e9f0f1")
    for x, base, size in spots("40,400,110 96,410,84 560,396,120 500,408,88 150,412,64 440,410,66"):
        for tier in fir(x, base, size):
            (tip_x, tip_y), *_ = tier
            canvas.polygon(tier, "#2f4a50")
            snow = [(tip_x + (px - tip_x) * 0.5, tip_y + (py - tip_y) * 0.5) for px, py in tier]
            canvas.polygon(snow, "#f7fafa")
    canvas.polygon(at("252,410 252,350 300,316 348,350 348,410"), "#8d3b30")
    canvas.polygon(at("238,356 300,306 362,356 350,362 300,322 250,362"), "#f7fafa")
    canvas.rectangle(288, 374, 312, 410, "#f2c14e")
    canvas.rectangle(0, 424, WIDTH, HEIGHT, "#27485a")
    canvas.bands(424, 760, ["#3b6173", "#33586a", "#2d5062", "#27485a"])
    floes = (
        at("20,470 120,456 190,478 150,500 40,502"),
        at("240,452 360,446 390,466 310,482 236,472"),
        at("430,470 560,460 596,490 500,512 420,496"),
        at("120,540 250,516 400,530 440,572 300,604 140,590"),
        at("0,610 90,590 150,630 80,670 0,664"),
        at("470,590 600,566 600,650 520,660"),
        at("220,660 350,636 470,680 400,724 250,716"),
    )
    for floe in floes:
        canvas.polygon([(x, y + 12) for x, y in floe], "#86a9b8")
        canvas.polygon(floe, "#f4f9fa")
    coat = "#5b2333"
    canvas.polygon(curve(at("196,566 232,548 300,556 352,566 356,580 290,588 210,584 196,566")), coat)
    canvas.disc(368, 572, 14, "#3a2320")
    canvas.line(curve(at("340,574 372,600 408,596")), 8, "#e8c9ac")
    canvas.line(curve(at("376,572 398,574 420,588")), 9, "#3a2320")
    for number in range(70):
        x, y = (number * 173) % 600, (number * 97) % 720
        canvas.disc(x, y, 1.8 + number % 3, "#ffffff")
    canvas.rectangle(0, 744, WIDTH, HEIGHT, "#1c3442")
    canvas.text("D. W. GRIFFITH", 64, 44, "#1c3442", font="black", tracking=0.1)
    canvas.text("presents", 98, 28, "#1c3442", font="italic")
    canvas.text("WAY  DOWN  EAST", 206, 96, "#7b1e2b", font="black", width=544, shadow="#eef4f5", drop=3)
    canvas.text("LILLIAN GISH  -  RICHARD BARTHELMESS", 792, 34, "#f4f9fa")
    canvas.text("From the play by Lottie Blair Parker", 826, 24, "#cfdce0", font="italic")
    canvas.text("1920", 866, 36, "#f2c14e", font="black", tracking=0.04)
