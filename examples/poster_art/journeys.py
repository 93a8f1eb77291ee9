"""Posters of journeys and adventures: the moon, a plateau, the air, Bagdad and Sherwood."""

from __future__ import annotations

from poster_art.canvas import HEIGHT, WIDTH, Canvas, arc, around, at, curve, fir, mirrored, placed, spots

_STARS = at("40,230 96,300 560,250 520,310 30,520 60,40 540,44 566,430 50,620 556,600 300,24 150,250 450,236")


def a_trip_to_the_moon(canvas: Canvas) -> None:
    """Draw A Trip to the Moon (1902): a shell on its way to a wide moon."""
    canvas.fill("#14213d")
    for number, (x, y) in enumerate(_STARS):
        star = [around(0, 0, 9 if corner % 2 else 3, corner * 45) for corner in range(8)]
        canvas.polygon(placed(star, x, y, 1 + number % 3 * 0.3), "#f6e6b4")
    for glow, colour in ((268, "#1c2e52"), (236, "#274069"), (206, "#365582")):
        canvas.disc(300, 450, glow, colour)
    canvas.disc(300, 450, 178, "#f3e2ac")
    canvas.polygon([*arc(300, 450, 178, -60, 120), *arc(258, 426, 178, 100, -40)], "#dcc583")
    for x, y, radius in spots("236,370,26 330,358,15 204,470,18 290,450,34 262,556,22 360,510,20"):
        canvas.disc(x, y, radius, "#cdb370")
        canvas.disc(x + 3, y + 3, radius * 0.82, "#e3cd90")
    trail = curve(at("600,770 520,750 440,676 398,582"))
    for offset, colour in ((26, "#8c3b2e"), (16, "#d9762f"), (7, "#f6c35b")):
        left = [(x - offset * (1 - n / 36), y) for n, (x, y) in enumerate(trail)]
        right = [(x + offset * (1 - n / 36), y) for n, (x, y) in enumerate(trail)]
        canvas.polygon([*left, *reversed(right)], colour)
    shell = mirrored(curve(at("0,-92 -20,-64 -31,-30 -33,0 -33,52")), 0)
    canvas.polygon(placed(shell, 384, 560, 1, -24), "#8d99a8")
    canvas.polygon(placed(at("-33,38 33,38 33,54 -33,54"), 384, 560, 1, -24), "#b3872f")
    canvas.polygon(placed(at("-33,-8 33,-8 33,2 -33,2"), 384, 560, 1, -24), "#b3872f")
    canvas.disc(*placed([(0, -32)], 384, 560, 1, -24)[0], 11, "#14213d")
    canvas.disc(*placed([(0, -32)], 384, 560, 1, -24)[0], 7, "#f6e6b4")
    roofs = at(
        "0,900 0,740 40,700 80,740 120,740 120,690 150,650 180,690 180,760 270,760 270,730 "
        "300,704 330,730 330,776 600,776 600,900"
    )
    canvas.polygon(roofs, "#0b1428")
    canvas.text("A TRIP TO", 106, 84, "#f6c35b", font="black", shadow="#0b1428")
    canvas.text("THE  MOON", 194, 96, "#f6c35b", font="black", width=530, shadow="#0b1428")
    canvas.text("A fantastic voyage by", 822, 24, "#f3e2ac", x=40, font="italic", align="l")
    canvas.text("GEORGES MÉLIÈS", 862, 32, "#f3e2ac", x=40, align="l", tracking=0.08)
    canvas.text("1902", 862, 48, "#f3e2ac", x=560, font="black", align="r")


def the_lost_world(canvas: Canvas) -> None:
    """Draw The Lost World (1925): a long neck before a volcano."""
    canvas.fill("#f4b860")
    canvas.bands(0, 620, ["#f7d58a", "#f5c574", "#f2b260", "#ec9a50", "#e27f45", "#d2633d"])
    canvas.disc(150, 350, 70, "#fbe9b7")
    canvas.polygon(at("300,640 456,330 486,346 516,326 690,640 690,700 300,700"), "#8a3b34")
    canvas.polygon(at("456,330 486,346 516,326 538,360 516,400 496,370 478,440 462,380 438,366"), "#e8532f")
    for x, y, radius in spots("488,312,18 508,298,22 536,290,28 574,286,34"):
        canvas.disc(x, y, radius, "#7a4a4a")
    canvas.polygon([*curve(at("0,600 120,566 240,600 380,574 600,610")), *at("600,900 0,900")], "#3f5a3a")
    beast = curve(
        at(
            "20,640 80,626 150,566 210,528 280,520 330,500 356,440 366,380 392,350 424,350 448,368 "
            "446,380 410,388 398,430 396,500 376,566 350,606"
        )
    )
    canvas.polygon(
        [*beast, (352, 690), *at("322,690 316,626 250,630 244,690 212,690 206,622 130,624 20,650")], "#1e2d26"
    )
    canvas.disc(420, 363, 4, "#f7d58a")
    canvas.polygon([*curve(at("0,690 140,668 320,684 460,664 600,690")), *at("600,900 0,900")], "#14201b")
    for x, y, lean in spots("70,720,-1 540,720,1 490,740,1"):
        for leaf in range(6):
            tip = around(x, y, 140, -90 + (leaf - 2.5) * 26 + lean * 8)
            bend = around(x, y, 84, -90 + (leaf - 2.5) * 15 + lean * 8)
            canvas.line(curve([(x, y), bend, tip]), 10, "#14201b")
    canvas.text("THE", 74, 58, "#5b1f1c", tracking=0.1)
    canvas.text("LOST WORLD", 200, 126, "#5b1f1c", width=540, shadow="#fbe9b7", drop=4)
    canvas.text("by Sir Arthur Conan Doyle", 240, 30, "#5b1f1c", font="italic")
    canvas.text("BESSIE LOVE   LEWIS STONE   WALLACE BEERY", 786, 32, "#f7d58a")
    canvas.text("Directed by Harry O. Hoyt", 822, 23, "#f7d58a", font="italic")
    canvas.text("1925", 866, 38, "#f0673f", tracking=0.08)


def wings(canvas: Canvas) -> None:
    """Draw Wings (1927): a biplane comes out of the sun."""
    canvas.fill("#f2d18b")
    canvas.rays(300, 330, 20, "#ecbb62", turn=4)
    canvas.disc(300, 330, 176, "#f7e7bd")
    canvas.disc(300, 330, 148, "#d9542f")
    for x, y, across in spots("90,470,120 500,500,150 300,560,190 40,560,130 570,580,120"):
        canvas.ellipse(x, y, across, 26, "#fbf3dc")
    navy, red, cream = "#23324a", "#a8241f", "#f7e7bd"
    canvas.polygon(placed(at("-230,-8 230,-8 244,4 230,12 -230,12 -244,4"), 300, 290, 1, -8), navy)
    canvas.polygon(placed(at("-200,-8 200,-8 212,4 200,12 -200,12 -212,4"), 312, 376, 1, -8), navy)
    for strut in (-180, -110, 110, 180):
        canvas.line(placed([(strut, -82), (strut, 4)], 312, 372, 1, -8), 5, navy)
    canvas.line(placed([(-44, -82), (-20, -40)], 312, 372, 1, -8), 5, navy)
    canvas.line(placed([(30, -82), (20, -40)], 312, 372, 1, -8), 5, navy)
    canvas.disc(308, 350, 46, navy)
    canvas.disc(308, 350, 34, red)
    canvas.disc(308, 350, 11, cream)
    canvas.polygon(placed(at("-92,-6 -40,-12 0,-5 40,12 92,6 40,-2 0,5 -40,-2"), 308, 350, 1, 58), "#6b3a1e")
    for wheel in (-42, 42):
        canvas.line(placed([(wheel * 0.5, 40), (wheel, 88)], 308, 350, 1, -8), 6, navy)
        canvas.disc(*placed([(wheel, 92)], 308, 350, 1, -8)[0], 19, "#1a1a1e")
        canvas.disc(*placed([(wheel, 92)], 308, 350, 1, -8)[0], 8, cream)
    for x, y, scale in spots("96,168,0.26 500,150,0.2 150,96,0.16"):
        canvas.polygon(placed(at("-230,-14 230,-14 230,14 -230,14"), x, y, scale, -8), navy)
        canvas.polygon(placed(at("-200,-14 200,-14 200,14 -200,14"), x, y + 90 * scale, scale, -8), navy)
        canvas.disc(x + 2, y + 50 * scale, 46 * scale, navy)
    canvas.rectangle(0, 620, WIDTH, HEIGHT, navy)
    canvas.rectangle(0, 632, WIDTH, 638, "#ecbb62")
    canvas.text(
        "WINGS", 784, 170, "#f2d18b", font="black", width=500, tracking=0.06, shadow="#111a28", drop=5
    )
    canvas.text("CLARA BOW   CHARLES ROGERS   RICHARD ARLEN", 830, 30, cream)
    canvas.text("A William A. Wellman production", 862, 22, cream, x=40, font="italic", align="l")
    canvas.text("1927", 866, 34, "#ecbb62", x=560, align="r", tracking=0.08)


def the_thief_of_bagdad(canvas: Canvas) -> None:
    """Draw The Thief of Bagdad (1924): a flying carpet over domes and towers."""
    canvas.fill("#2b1d4f")
    canvas.bands(0, 560, ["#24184a", "#35215e", "#4a2b70", "#683a7c", "#8d4f80", "#b66d7c"])
    for x, y in _STARS:
        canvas.disc(x, y + 90, 2.6, "#f7e3a1")
    canvas.polygon([*arc(448, 176, 78, 35.8, 268.4), *arc(482, 158, 70, 239, 65.2)], "#f4cf6a")
    onion, base = at("0.8,0.4 1,0.62 1.02,0.84 0.84,1.1 0.46,1.32 0.14,1.5 0,1.85"), 620
    for (x, half, tall), trim in zip(
        spots("122,74,140 330,88,160 510,56,110"), ("#8c4a83", "#a35a86", "#8c4a83"), strict=True
    ):
        canvas.rectangle(x - half, base - tall * 0.4, x + half, 700, "#5d2f63")
        dome = curve([(x - half * across, base - tall * up) for across, up in onion])
        canvas.polygon(mirrored(dome, x), trim)
        canvas.rectangle(x - half - 8, base - tall * 0.4 - 8, x + half + 8, base - tall * 0.4 + 4, "#d9a441")
        canvas.disc(x, base - tall * 1.85, 6, "#f4cf6a")
    for x, top in at("30,330 222,300 440,360 578,310"):
        canvas.rectangle(x - 15, top, x + 15, 700, "#3b1f4c")
        canvas.polygon([(x - 20, top), (x, top - 66), (x + 20, top)], "#3b1f4c")
        canvas.rectangle(x - 22, top + 44, x + 22, top + 54, "#d9a441")
        canvas.ellipse(x, top + 24, 5, 10, "#f4cf6a")
    carpet = curve(at("96,300 170,262 250,290 330,256 410,276"))
    under = [(x + 14, y + 34) for x, y in carpet]
    canvas.polygon([*carpet, *reversed(under)], "#c23b2e")
    canvas.line([(x + 4, y + 9) for x, y in carpet], 4, "#f4cf6a")
    canvas.line([(x + 10, y + 25) for x, y in carpet], 4, "#f4cf6a")
    for end, side in ((carpet[0], -1), (carpet[-1], 1)):
        for thread in range(5):
            x, y = end[0] + thread * 3.4, end[1] + thread * 8.4
            canvas.line([(x, y), (x + side * 16, y + 3)], 3, "#f4cf6a")
    rider = curve(at("222,282 214,240 230,204 252,196 274,206 288,240 282,278"))
    canvas.polygon(rider, "#1d1230")
    canvas.polygon(curve(at("190,288 220,262 252,268 290,258 316,272 290,288 230,292")), "#1d1230")
    canvas.disc(252, 182, 19, "#1d1230")
    canvas.ellipse(252, 170, 24, 13, "#e8dcc0")
    canvas.ellipse(252, 162, 14, 11, "#e8dcc0")
    canvas.line(at("278,216 326,186 352,150"), 10, "#1d1230")
    canvas.rectangle(0, 620, WIDTH, HEIGHT, "#1d1230")
    canvas.rectangle(0, 620, WIDTH, 627, "#d9a441")
    canvas.text("DOUGLAS FAIRBANKS", 76, 50, "#f7e3a1", tracking=0.08, width=520)
    canvas.text("The", 672, 44, "#f4cf6a", font="black")
    canvas.text("Thief of Bagdad", 752, 88, "#f4cf6a", font="black", width=536)
    canvas.text("An Arabian Nights fantasy", 796, 28, "#e8dcc0", font="italic")
    canvas.text("Directed by Raoul Walsh", 858, 22, "#e8dcc0", x=40, font="serif", align="l")
    canvas.text("1924", 862, 40, "#f4cf6a", x=560, font="black", align="r")


def robin_hood(canvas: Canvas) -> None:
    """Draw Robin Hood (1922): a drawn bow before a castle."""
    canvas.fill("#efe0b5")
    green, deep, red = "#3f6b3c", "#1f3b28", "#a8301f"
    canvas.disc(440, 330, 96, "#f5edd0")
    castle = at(
        "330,640 330,430 346,430 346,414 362,414 362,430 378,430 378,414 394,414 394,430 "
        "410,430 410,500 450,500 450,360 464,360 464,344 482,344 482,360 500,360 500,344 "
        "518,344 518,360 532,360 532,500 600,500 600,640"
    )
    canvas.polygon(castle, "#8b7d64")
    for x, y in at("370,480 490,420 490,500 560,560"):
        canvas.rectangle(x - 5, y - 18, x + 5, y + 18, "#3a3428")
    canvas.polygon(at("491,344 491,270 546,288 495,306 495,344"), red)
    canvas.polygon([*curve(at("0,610 150,560 330,600 480,572 600,600")), *at("600,900 0,900")], green)
    for x, base, size in spots("40,600,150 120,640,120 6,680,160 560,660,110"):
        for tier in fir(x, base, size):
            canvas.polygon(tier, deep)
        canvas.rectangle(x - 7, base - 10, x + 7, base + 30, "#4a2f1b")
    canvas.line(curve(at("236,280 196,340 180,440 196,540 236,600")), 13, "#5b3116")
    canvas.line(at("236,282 322,440 236,598"), 3, "#3a2a1a")
    canvas.line([(322, 440), (126, 440)], 6, "#3a2a1a")
    canvas.polygon(at("84,440 132,424 132,456"), "#4b5560")
    for feather in (0, 16, 32):
        canvas.polygon(placed(at("292,438 304,422 316,422 304,438"), feather, 0), red)
        canvas.polygon(placed(at("292,442 304,458 316,458 304,442"), feather, 0), red)
    canvas.line([(196, 440), (212, 440)], 30, "#7a4a24")
    canvas.rectangle(0, 760, WIDTH, HEIGHT, deep)
    canvas.rectangle(0, 760, WIDTH, 766, "#d9a441")
    canvas.text("DOUGLAS FAIRBANKS", 74, 52, deep, tracking=0.06, width=520)
    canvas.text("in", 112, 30, deep, font="italic")
    canvas.text("ROBIN HOOD", 226, 120, red, font="black", width=540, shadow="#d8c48e", drop=4)
    canvas.text("WALLACE BEERY   ENID BENNETT", 812, 34, "#efe0b5", tracking=0.03)
    canvas.text("Directed by Allan Dwan", 858, 26, "#efe0b5", x=40, font="italic", align="l")
    canvas.text("1922", 862, 46, "#d9a441", x=560, align="r", tracking=0.06)
