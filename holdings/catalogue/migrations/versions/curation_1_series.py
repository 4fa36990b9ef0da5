"""series, anniversaries, showings, theme runs"""

import sqlalchemy as sa
from alembic import op

revision = "curation_1"
down_revision = "rules_1"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: The four series every archive here works on; each changes them as it likes. name, about, questions.
_SERIES = (
    (
        "红色系列",
        "革命、解放与人民政权建立，军民团结与支前，社会主义建设中的艰苦创业。",
        [
            "解放，解放军入城",
            "人民政府成立，各界人民代表会议",
            "军民联合，支前民工立功",
            "互助组、合作社，艰苦创业",
        ],
    ),
    (
        "乡土文化系列",
        "本地的风俗节庆、信仰、手艺、饮食、市集与聚落，以及方志与老照片中的日常。",
        ["风俗、节令、婚丧、方言", "寺院、庙会、香期", "灯会、游行、文化节庆", "老街集市、民间手艺、渔民画"],
    ),
    (
        "“名”字系列",
        "名人、名企、名村、名品、名山名胜。",
        [
            "名人来访、捐资、事迹",
            "有名的公司、企业、学校",
            "有名的村落、海岛",
            "地方名产、水产品牌",
            "名山、寺院、灯塔等名胜",
        ],
    ),
    (
        "馆藏精品系列",
        "早而稀、有首次与唯一意义的原件与影像。",
        ["清代告示、札文、禀文原件", "光复、改县等首次布告", "重大历史事件的亲历报告", "民国老照片"],
    ),
)
#: name, calendar, month, day, year, scope, questions. Sources: the International Council on Archives (founded 9 June
#: 1948), national laws and announcements; local days from the local chronicles.
_DATES = (
    ("国际档案日", "solar", 6, 9, 1948, "international", ["档案征集、档案工作", "馆藏精品"]),
    ("世界海洋日", "solar", 6, 8, None, "international", ["海洋资源保护", "渔业资源保护、休渔"]),
    ("国际妇女节", "solar", 3, 8, None, "international", ["妇女劳动、妇女参加生产"]),
    ("国际劳动节", "solar", 5, 1, None, "international", ["劳动模范、工人、民工"]),
    ("国际博物馆日", "solar", 5, 18, None, "international", ["文物保护、旧物征集、展览"]),
    ("世界航标日", "solar", 7, 1, None, "international", ["灯塔、守塔人、航标"]),
    ("春节", "lunar", 1, 1, None, "national", ["过年、节令风俗"]),
    ("元宵节", "lunar", 1, 15, None, "national", ["灯会、提灯"]),
    ("端午节", "lunar", 5, 5, None, "national", ["节令风俗、龙舟"]),
    ("中秋节", "lunar", 8, 15, None, "national", ["节令风俗"]),
    ("五四青年节", "solar", 5, 4, 1919, "national", ["青年、学生、学校"]),
    ("建党节", "solar", 7, 1, 1921, "national", ["党的工作、党员"]),
    ("中国航海日", "solar", 7, 11, 2005, "national", ["航运、轮船航线、引航"]),
    ("建军节", "solar", 8, 1, 1927, "national", ["解放军、驻军、军民联合"]),
    ("抗日战争胜利纪念日", "solar", 9, 3, 1945, "national", ["抗战胜利", "日军、沦陷、抗日"]),
    ("九一八事变", "solar", 9, 18, 1931, "national", ["抗日、防空、救亡"]),
    ("烈士纪念日", "solar", 9, 30, None, "national", ["殉难、忠烈祠、烈士"]),
    ("国庆节", "solar", 10, 1, 1949, "national", ["新中国成立、人民政府成立"]),
    ("国家宪法日", "solar", 12, 4, None, "national", ["法令、条例、普法"]),
    ("国家公祭日", "solar", 12, 13, 1937, "national", ["日军暴行、难民"]),
    ("国务院批准设立舟山市", "solar", 1, 23, 1987, "local", ["撤县设区、舟山市成立"]),
    ("舟山解放", "solar", 5, 17, 1950, "local", ["舟山解放，解放军入城", "安民布告、人民政府成立"]),
    ("日军侵占定海", "solar", 6, 23, 1939, "local", ["县城失守、日军登陆"]),
    ("浙江舟山群岛新区设立", "solar", 6, 30, 2011, "local", ["舟山群岛新区"]),
    ("第一次定海之战", "solar", 7, 5, 1840, "local", ["英军陷定海、知县殉难"]),
    ("八一强台风", "solar", 8, 1, 1956, "local", ["1956年台风灾情、抢修海塘"]),
    ("定海三总兵殉国", "solar", 10, 1, 1841, "local", ["三总兵殉难、葛云飞"]),
    ("“里斯本丸”沉没与渔民营救", "solar", 10, 2, 1942, "local", ["里斯本丸沉没，渔民救护英俘"]),
    ("舟山跨海大桥通车", "solar", 12, 25, 2009, "local", ["跨海大桥通车"]),
)


def upgrade() -> None:
    op.create_table(
        "curated_series",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "series_choices",
        sa.Column("series_id", _BIG, nullable=False),
        sa.Column("record_id", sa.String(length=255), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("seed", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["curated_series.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("series_id", "record_id"),
    )
    op.create_index("ix_choices_verdict", "series_choices", ["series_id", "verdict"], unique=False)
    op.create_index(op.f("ix_series_choices_record_id"), "series_choices", ["record_id"], unique=False)
    op.create_table(
        "anniversaries",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("calendar", sa.String(length=8), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "showings",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("record_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("shown_on", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("record_id", "name"),
    )
    op.create_table(
        "theme_runs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("beat", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_theme_runs_by_id"), "theme_runs", ["by_id"], unique=False)
    _fill()


def _fill() -> None:
    """What an archive begins with; it changes and drops them as it likes."""
    said = {"questions": sa.JSON(), "excluded": sa.JSON()}
    names = ("name", "about", "version", "changed_by", "changed_at")
    series = sa.table("curated_series", *map(sa.column, names), *(sa.column(n, t) for n, t in said.items()))
    same = {"excluded": [], "version": 1, "changed_by": "档海", "changed_at": "2026-11-23T00:00:00.000+00:00"}
    op.bulk_insert(
        series, [{"name": name, "about": about, "questions": qs, **same} for name, about, qs in _SERIES]
    )
    fields = ("name", "calendar", "month", "day", "year", "scope")
    dates = sa.table("anniversaries", *map(sa.column, fields), sa.column("questions", sa.JSON()))
    op.bulk_insert(dates, [dict(zip((*fields, "questions"), row, strict=True)) for row in _DATES])
