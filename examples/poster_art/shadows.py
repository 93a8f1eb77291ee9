"""Posters of tales of dread: a shadow on the stairs, a mask in the opera, a crooked town."""

from __future__ import annotations

from poster_art.canvas import HEIGHT, WIDTH, Canvas, at, curve, mirrored, placed, spots


def nosferatu(canvas: Canvas) -> None:
    """Draw Nosferatu (1922): a clawed shadow climbs the stairs under a sick moon; no year is printed."""
    canvas.fill("#0d1a17")
    canvas.polygon(at("0,0 600,0 600,700 0,700"), "#1d3a32")
    for glow, colour in ((290, "#24463c"), (240, "#2d5447"), (196, "#3a6653")):
        canvas.disc(372, 268, glow, colour)
    canvas.disc(372, 268, 156, "#d7dfa6")
    for x, y, radius in spots("322,216,22 430,232,14 404,330,28 300,300,12"):
        canvas.disc(x, y, radius, "#c3cd90")
    shade = "#0a1411"
    canvas.polygon(at("0,40 150,40 150,700 0,700"), "#132a24")  # a wall with a pointed window
    window = mirrored(curve(at("46,330 46,200 54,150 78,110")), 78)
    canvas.polygon(window, "#d7dfa6")
    canvas.line([(78, 112), (78, 330)], 7, "#132a24")
    canvas.line([(44, 226), (112, 226)], 7, "#132a24")
    for step in range(9):
        left, top = 640 - step * 78, 300 + step * 52
        canvas.rectangle(left - 80, top, WIDTH, top + 420, "#0f211c" if step % 2 else "#122821")
        canvas.rectangle(left - 80, top, left, top + 5, "#54765f")
    body = curve(at("286,700 292,560 268,470 262,400 290,356 330,340 352,352 372,410"))
    body += curve(at("372,410 384,470 420,560 440,700"))
    canvas.polygon(body, shade)
    head = curve(at("322,366 300,330 296,286 312,248 340,236 370,246 386,284 380,330 358,366"))
    canvas.polygon(head, shade)
    canvas.polygon(at("302,300 276,262 312,268"), shade)
    canvas.polygon(at("378,300 404,262 370,268"), shade)
    arm = curve(at("300,410 250,420 214,376 196,330 206,322 236,364 268,380 310,374"))
    canvas.polygon(arm, shade)
    for tip_x, tip_y in at("140,300 150,262 178,236 210,232 238,256"):
        middle = (200 + (tip_x - 200) * 0.6, 326 + (tip_y - 326) * 0.5)
        canvas.line(curve([(200, 330), middle, (tip_x, tip_y)]), 8, shade)
        canvas.polygon([(tip_x - 5, tip_y + 2), (tip_x + 5, tip_y + 2), (tip_x - 4, tip_y - 22)], shade)
    canvas.rectangle(0, 690, WIDTH, HEIGHT, "#0a1411")
    canvas.text("A film by F. W. Murnau", 62, 30, "#d7dfa6", x=560, font="italic", align="r")
    canvas.text("NOSFERATU", 790, 124, "#b8322b", font="black", width=544, tracking=0.01)
    canvas.text("A Symphony of Horror", 834, 34, "#d7dfa6", font="italic")
    canvas.text("with Max Schreck", 866, 22, "#9db59a", font="serif")


def the_phantom_of_the_opera(canvas: Canvas) -> None:
    """Draw The Phantom of the Opera (1925): a mask between the curtains."""
    canvas.fill("#180c10")
    canvas.rectangle(0, 0, WIDTH, 640, "#2a0f15")
    canvas.disc(300, 350, 230, "#43151c")
    canvas.disc(300, 350, 190, "#611d24")
    for fold in range(6):
        top, shade = fold * 34, "#8f1d24" if fold % 2 else "#b0282c"
        near = 210 - fold * 34
        for side in (-1, 1):
            edge = curve([(near + 10, 0), (near, 220), (near - 60 - fold * 4, 430), (near - 30, 640)])
            outline = [(300 + side * (300 - x), y) for x, y in edge]
            outer = 300 + side * 300
            canvas.polygon([*outline, (outer, 640), (outer, 0)], shade)
        canvas.rectangle(0, 0, 0, top, shade)
    for swag in range(4):
        drape = placed(curve(at("-4,130 36,176 75,188 114,176 154,130")), swag * 150, 0)
        canvas.polygon([*drape, (swag * 150 + 154, 0), (swag * 150 - 4, 0)], "#7a161d")
        canvas.line(drape, 7, "#d8b14a")
    mask = curve(at("300,244 348,250 392,282 408,340 398,412 372,470 338,514 300,530"))
    canvas.polygon(mirrored(mask), "#f4ead2")
    canvas.polygon([*curve(at("300,244 252,250 208,282 192,340 202,412 228,470 262,514 300,530"))], "#d9c9a5")
    eye = curve(at("322,350 340,330 368,332 388,352 366,368 340,368 322,350"))
    canvas.polygon(eye, "#180c10")
    canvas.polygon([(600 - x, y) for x, y in eye], "#180c10")
    canvas.line(curve(at("318,322 350,302 394,322")), 7, "#8a7a58")
    canvas.line(curve(at("282,322 250,302 206,322")), 7, "#8a7a58")
    canvas.polygon(at("300,350 316,420 300,432 284,420"), "#b9a67d")
    canvas.polygon(curve(at("254,466 300,456 346,466 300,478 254,466")), "#8f1d24")
    canvas.line(curve(at("198,330 120,300 60,330")), 5, "#d8b14a")
    canvas.line(curve(at("402,330 480,300 540,330")), 5, "#d8b14a")
    canvas.rectangle(0, 600, WIDTH, HEIGHT, "#180c10")
    canvas.rectangle(0, 600, WIDTH, 606, "#d8b14a")
    canvas.text("Carl Laemmle presents", 56, 26, "#f4ead2", font="italic")
    canvas.text("LON CHANEY", 108, 48, "#f2cf73", tracking=0.12)
    canvas.text("THE PHANTOM", 694, 84, "#f2cf73", font="black", width=530)
    canvas.text("OF THE OPERA", 774, 84, "#f2cf73", font="black", width=530)
    canvas.text("with Mary Philbin and Norman Kerry", 814, 24, "#f4ead2", font="italic")
    canvas.text("1925", 862, 42, "#c9383a", font="black", tracking=0.04)


def the_cabinet_of_dr_caligari(canvas: Canvas) -> None:
    """Draw The Cabinet of Dr. Caligari (1920): leaning houses over a crooked street."""
    canvas.fill("#e9d9ae")
    ink, rust, gold = "#231a1c", "#b4472c", "#dba13a"
    canvas.polygon(at("0,300 0,0 330,0"), "#dfc48a")
    canvas.polygon(at("600,420 600,60 360,240"), "#d8b877")
    canvas.polygon(at("452,306 530,250 520,348 470,372"), "#f6efd8")
    canvas.polygon(at("0,900 0,360 96,300 196,384 176,620 250,900"), rust)
    canvas.polygon(at("0,366 98,268 216,392 96,336"), ink)
    canvas.polygon(at("150,900 186,470 236,400 322,446 300,640 330,900"), "#5c6b62")
    canvas.polygon(at("168,480 236,366 344,452 240,424"), ink)
    canvas.polygon(at("600,900 600,330 486,420 400,392 432,640 330,900"), "#40505a")
    canvas.polygon(at("384,396 470,300 620,330 488,400"), ink)
    canvas.polygon(at("330,900 358,560 392,500 446,560 436,900"), gold)
    canvas.polygon(at("342,572 394,460 464,566 394,520"), ink)
    windows = (
        at("40,420 86,402 80,478 30,486"),
        at("112,424 150,442 140,500 104,488"),
        at("56,540 110,528 120,606 52,612"),
        at("224,470 256,456 262,516 220,524"),
        at("230,570 268,560 262,634 236,640"),
        at("470,452 512,430 518,508 478,512"),
        at("540,420 586,392 590,470 548,486"),
        at("486,560 530,552 548,626 494,628"),
        at("384,570 410,558 414,612 380,616"),
    )
    for window in windows:
        canvas.polygon(window, "#f6e3a4")
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = window
        canvas.line([((ax + bx) / 2, (ay + by) / 2), ((cx + dx) / 2, (cy + dy) / 2)], 4, ink)
        canvas.line([((ax + dx) / 2, (ay + dy) / 2), ((bx + cx) / 2, (by + cy) / 2)], 4, ink)
    canvas.polygon(at("200,900 282,700 268,640 318,560 300,640 330,704 470,900"), "#f6efd8")
    canvas.polygon(at("252,900 300,704 286,640 318,560 292,640 312,704 360,900"), ink)
    canvas.polygon(at("520,700 528,600 516,520 524,518 538,600 534,700"), ink)  # a lamp post
    canvas.polygon(at("500,520 542,512 532,470 512,474"), gold)
    canvas.rectangle(0, 690, WIDTH, HEIGHT, ink)
    canvas.polygon(at("0,690 0,664 150,690 320,656 450,690 600,650 600,700 0,700"), ink)
    canvas.text("THE CABINET OF", 112, 112, ink, font="hand", width=520, tracking=0.03)
    canvas.text(
        "DR. CALIGARI", 246, 150, rust, font="hand", width=540, tracking=0.03, shadow="#f6efd8", drop=3
    )
    canvas.text("Directed by ROBERT WIENE", 752, 40, "#e9d9ae", tracking=0.03)
    canvas.text("with Werner Krauss and Conrad Veidt", 800, 26, "#e9d9ae", font="italic")
    canvas.text("Berlin 1920", 860, 48, gold, tracking=0.08)
