"""Posters of comedies: a detective, a train, a clock, a camera and a cabin on the edge."""

from __future__ import annotations

from poster_art.canvas import HEIGHT, WIDTH, Canvas, arc, around, at, curve, mirrored, placed, spots


def sherlock_jr(canvas: Canvas) -> None:
    """Draw Sherlock Jr. (1924): a flat hat under a magnifying glass."""
    canvas.fill("#12343b")
    canvas.rays(300, 560, 18, "#16434d", turn=5)
    canvas.text("Joseph M. Schenck presents", 58, 24, "#d9c38c", font="italic")
    canvas.text("BUSTER KEATON", 110, 48, "#f4e6c1", tracking=0.12)
    canvas.text("in", 146, 26, "#d9c38c", font="italic")
    canvas.text("SHERLOCK JR.", 254, 124, "#f2b632", width=540, shadow="#071d22", drop=5)
    for number in range(9):  # a strip of film behind the glass
        left = -20 + number * 72
        strip = [(left, 620 - number * 22), (left + 66, 600 - number * 22)]
        strip += [(left + 84, 696 - number * 22), (left + 18, 716 - number * 22)]
        canvas.polygon(strip, "#08222a")
        corners = at("9,12 -5,14 -9,-12 5,-14")
        inner = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(strip, corners, strict=True)]
        canvas.polygon(inner, "#2d6a74")
    canvas.line([(400, 665), (515, 800)], 44, "#3a1f14")
    canvas.line([(404, 669), (508, 792)], 20, "#7c4527")
    canvas.disc(290, 525, 192, "#3a1f14")
    canvas.disc(290, 525, 178, "#f2b632")
    canvas.disc(290, 525, 164, "#f4e6c1")
    canvas.ellipse(290, 560, 128, 26, "#1c1a17")
    crown = curve(at("206,552 214,486 250,468 290,478 330,468 366,486 374,552"))
    canvas.polygon(crown, "#1c1a17")
    canvas.polygon(at("208,536 372,536 375,562 205,562"), "#9b2f22")
    canvas.line(arc(290, 525, 140, 195, 250), 9, "#ffffff")
    canvas.text("1924", 822, 64, "#f4e6c1", x=40, align="l", tracking=0.06)
    canvas.text("Directed by Buster Keaton", 862, 20, "#d9c38c", x=40, font="italic", align="l")


def the_general(canvas: Canvas) -> None:
    """Draw The General (1926): a locomotive that comes straight on."""
    canvas.fill("#f3c969")
    canvas.bands(0, 640, ["#f3c969", "#f0b45a", "#eb9c4d", "#e38345", "#d66a3d", "#c25237"])
    canvas.polygon(at("0,610 170,560 300,600 460,548 600,600 600,900 0,900"), "#5b2c25")
    for tie in range(9):
        y = 640 + tie * tie * 3.6
        half = 60 + (y - 600) * 0.95
        canvas.rectangle(300 - half, y, 300 + half, y + 6 + tie * 2.4, "#3b1b18")
    for side in (-1, 1):
        rail = [(300 + side * x, y) for x, y in at("48,620 56,620 250,900 226,900")]
        canvas.polygon(rail, "#d8d2c4")
    for x, y, radius in spots("372,336,40 420,300,56 486,268,68 560,250,76 330,352,26"):
        canvas.disc(x, y, radius, "#f7e3b4")
    engine, brass, red = "#22262b", "#e8b53d", "#b3312a"
    canvas.polygon(mirrored(at("278,470 270,400 248,366 248,350 300,350")), engine)
    canvas.rectangle(244, 346, 356, 360, red)
    canvas.disc(300, 560, 122, engine)
    canvas.ring(300, 560, 122, 10, red)
    canvas.disc(300, 560, 84, "#343a41")
    canvas.ring(300, 560, 84, 5, brass)
    for bolt in range(12):
        canvas.disc(*around(300, 560, 98, bolt * 30 + 15), 4.5, brass)
    canvas.disc(300, 560, 26, brass)
    canvas.disc(300, 560, 14, red)
    canvas.rectangle(262, 408, 338, 476, red)
    canvas.disc(300, 442, 36, brass)
    canvas.disc(300, 442, 27, "#fff6d6")
    canvas.rectangle(166, 668, 434, 700, red)
    canvas.rectangle(166, 696, 434, 704, brass)
    for side in (-1, 1):
        canvas.rectangle(300 + side * 150 - 18, 640, 300 + side * 150 + 18, 676, engine)
    canvas.polygon(mirrored(at("186,704 300,704 300,806 128,806")), engine)
    for bar in range(-5, 6):
        canvas.line([(300 + bar * 18, 708), (300 + bar * 30, 800)], 7, red)
    canvas.line([(124, 806), (476, 806)], 12, brass)
    canvas.text("Joseph M. Schenck presents", 44, 22, "#5b2c25", font="italic")
    canvas.text("BUSTER KEATON in", 92, 44, "#5b2c25", tracking=0.1)
    canvas.text("THE", 158, 58, "#7d1f1c", font="black", tracking=0.2)
    canvas.text("GENERAL", 286, 130, "#7d1f1c", font="black", width=530, shadow="#f9e6b0", drop=4)
    canvas.rectangle(0, 826, WIDTH, HEIGHT, "#2b1311")
    canvas.text("A comedy of the rails", 864, 28, "#f7e3b4", x=40, font="italic", align="l")
    canvas.text("1926", 866, 40, "#e8b53d", x=560, font="black", align="r")


def safety_last(canvas: Canvas) -> None:
    """Draw Safety Last! (1923): a tiny figure on the hand of a clock, high over the street."""
    canvas.fill("#b9d4cd")
    canvas.polygon(at("0,900 0,700 60,700 60,640 130,640 130,730 190,730 190,900"), "#8fb3b0")
    canvas.polygon(at("110,900 110,790 180,790 180,750 240,750 240,900"), "#6f9a99")
    canvas.polygon(at("250,340 600,300 600,900 250,900"), "#c9573a")
    canvas.polygon(at("222,344 600,296 600,330 222,372"), "#8f3524")
    for row in range(5):
        for column in range(3):
            if row < 3 and column < 3:
                continue
            left, top = 286 + column * 108, 420 + row * 100
            canvas.rectangle(left, top, left + 62, top + 68, "#5d2018")
            canvas.rectangle(left + 4, top + 4, left + 29, top + 64, "#f6dfa6")
            canvas.rectangle(left + 33, top + 4, left + 58, top + 64, "#f6dfa6")
    canvas.disc(400, 556, 176, "#3a1410")
    canvas.disc(400, 556, 166, "#f2b632")
    canvas.disc(400, 556, 150, "#fdf3d8")
    for hour in range(12):
        canvas.line([around(400, 556, 138, hour * 30), around(400, 556, 116, hour * 30)], 9, "#3a1410")
    canvas.line([(400, 556), (428, 640)], 13, "#3a1410")
    canvas.line([(400, 556), (278, 596)], 10, "#3a1410")
    canvas.disc(400, 556, 15, "#c9573a")
    ink = "#1d2b33"
    canvas.line(at("282,596 268,640 262,668"), 9, ink)
    canvas.line(at("262,600 252,642 258,668"), 9, ink)
    canvas.polygon(at("246,656 274,656 272,728 246,728"), ink)
    canvas.line(at("253,724 240,768 222,792"), 11, ink)
    canvas.line(at("266,724 276,766 268,806"), 11, ink)
    canvas.disc(260, 644, 13, "#f3cfa5")
    canvas.ellipse(259, 634, 25, 5, "#f6dfa6")
    canvas.rectangle(246, 620, 272, 634, "#f6dfa6")
    canvas.rectangle(246, 628, 272, 634, "#b3312a")
    canvas.text("Hal Roach presents", 58, 26, "#1d2b33", font="italic")
    canvas.text("HAROLD LLOYD", 106, 46, "#1d2b33", tracking=0.1)
    canvas.text("SAFETY", 208, 110, "#b3312a", font="round", width=460, shadow="#fdf3d8", drop=5)
    canvas.text("LAST!", 306, 110, "#b3312a", font="round", x=44, align="l", shadow="#fdf3d8", drop=5)
    canvas.text("1923", 420, 54, "#1d2b33", x=48, font="round", align="l")
    canvas.text("A comedy", 466, 30, "#1d2b33", x=48, font="italic", align="l")
    canvas.text("on the edge", 500, 30, "#1d2b33", x=48, font="italic", align="l")
    canvas.rectangle(0, 832, WIDTH, HEIGHT, "#1d2b33")
    canvas.text("Directed by Fred Newmeyer and Sam Taylor", 862, 20, "#fdf3d8", font="serif")


def the_cameraman(canvas: Canvas) -> None:
    """Draw The Cameraman (1928): a wooden camera that looks across the title's band."""
    canvas.fill("#1f6f78")
    canvas.polygon(at("352,230 600,20 600,420"), "#f6e7b8")
    canvas.polygon(at("352,230 600,100 600,350"), "#fff8dd")
    wood, dark, brass = "#8a4b2a", "#33180f", "#e0a93a"
    for leg in (-118, 8, 128):
        canvas.line([(232, 330), (232 + leg, 660)], 15, dark)
        canvas.line([(232, 330), (232 + leg * 0.9, 628)], 7, brass)
    canvas.rectangle(190, 318, 274, 346, dark)
    canvas.rectangle(118, 150, 312, 322, dark)
    canvas.rectangle(128, 160, 302, 312, wood)
    canvas.ring(215, 236, 60, 7, dark)
    canvas.disc(215, 236, 12, brass)
    canvas.polygon(at("312,196 352,180 352,284 312,268"), dark)
    canvas.rectangle(350, 206, 366, 258, brass)
    for x in (158, 266):
        canvas.disc(x, 108, 58, dark)
        canvas.disc(x, 108, 47, wood)
        for hole in range(5):
            canvas.disc(*around(x, 108, 27, hole * 72 - 90), 10, dark)
        canvas.disc(x, 108, 6, brass)
    canvas.line(at("128,268 84,268 84,306"), 10, brass)
    canvas.disc(84, 308, 13, dark)
    canvas.rectangle(0, 430, WIDTH, 596, "#b02a2e")
    canvas.rectangle(0, 440, WIDTH, 446, "#f6e7b8")
    canvas.rectangle(0, 580, WIDTH, 586, "#f6e7b8")
    canvas.text("THE CAMERAMAN", 556, 100, "#fff8dd", width=540, shadow="#5e1216", drop=4)
    canvas.text("BUSTER KEATON", 730, 60, "#fff8dd", tracking=0.1)
    canvas.text("with Marceline Day", 768, 28, "#fff8dd", font="italic")
    canvas.text("Directed by Edward Sedgwick", 806, 24, "#fff8dd", font="serif")
    canvas.text("1928", 862, 46, "#f2c14e", tracking=0.2)


def the_gold_rush(canvas: Canvas) -> None:
    """Draw The Gold Rush (1925): a cabin that tips over the edge of a cliff; no year is printed."""
    canvas.fill("#27548a")
    canvas.bands(0, 520, ["#27548a", "#3a6a9c", "#5482ae", "#749dc0", "#99b9d2", "#c1d5e2"])
    canvas.polygon(at("0,470 110,300 180,380 300,190 400,340 480,270 600,430 600,700 0,700"), "#6d8fae")
    canvas.polygon(at("300,190 352,268 318,258 296,292 270,252 246,276"), "#f5f8fa")
    canvas.polygon(at("110,300 152,349 120,342 98,364 80,346"), "#f5f8fa")
    canvas.polygon(at("480,270 536,345 496,330 470,350 440,305"), "#f5f8fa")
    snow = curve(at("0,520 90,500 190,520 300,540 386,556"))
    canvas.polygon([*snow, (360, 640), *at("384,720 340,900 0,900")], "#f5f8fa")
    canvas.polygon(at("386,556 360,640 384,720 340,900 420,900 404,730 424,640"), "#8aa5bd")
    cabin = at("-130,0 -130,-110 120,-110 120,0")
    roof = at("-156,-100 -20,-190 144,-100")
    canvas.polygon(placed(cabin, 350, 540, turn=13), "#6b3f25")
    for log in range(1, 5):
        ends = placed([(-130, -22 * log), (120, -22 * log)], 350, 540, turn=13)
        canvas.line(ends, 4, "#47280f")
    canvas.polygon(placed(roof, 350, 540, turn=13), "#f5f8fa")
    canvas.polygon(placed(at("-130,-104 -20,-174 120,-104"), 350, 540, turn=13), "#47280f")
    canvas.polygon(placed(at("66,-150 66,-212 94,-212 94,-132"), 350, 540, turn=13), "#8f3524")
    canvas.polygon(placed(at("-84,0 -84,-80 -36,-80 -36,0"), 350, 540, turn=13), "#2c1608")
    canvas.polygon(placed(at("20,-40 20,-84 74,-84 74,-40"), 350, 540, turn=13), "#f6c945")
    canvas.line(placed([(47, -40), (47, -84)], 350, 540, turn=13), 4, "#2c1608")
    for x, y, radius in spots(
        "60,90,4 150,40,5 540,110,5 90,220,4 420,130,4 520,220,4 "
        "230,150,4 34,420,5 560,480,5 500,600,5 540,690,4 460,780,5"
    ):
        canvas.disc(x, y, radius, "#ffffff")
    canvas.text("CHARLIE CHAPLIN", 84, 66, "#ffffff", tracking=0.06, shadow="#1c3a5e", drop=3)
    canvas.text("in", 122, 30, "#ffffff", font="italic")
    canvas.text("THE", 676, 54, "#1c3a5e", x=40, font="black", align="l", tracking=0.1)
    canvas.text("GOLD RUSH", 786, 112, "#d8941b", font="black", width=536, shadow="#1c3a5e", drop=4)
    canvas.rectangle(0, 812, WIDTH, HEIGHT, "#1c3a5e")
    canvas.text("Written and directed by Charles Chaplin", 852, 24, "#f5f8fa", font="italic")
