"""opening review and web review"""

import sqlalchemy as sa
from alembic import op

revision = "review_1"
down_revision = "work_1"
branch_labels = None
depends_on = None

_RULE = "国家档案馆档案开放办法（2022）"
_LIMITS = ["控制", "延期开放"]
#: code, text, basis, states. The four heads of the ministry's rule on what may be postponed, then the house's own.
_REASONS = (
    ("no-limit", "无需限制利用", _RULE, ["开放"]),
    ("secret", "涉及国家秘密且未解密，或保密期限未满", _RULE, _LIMITS),
    ("state-interest", "涉及国家和社会重大利益，开放后可能有损", _RULE, _LIMITS),
    ("personal", "涉及个人信息、知识产权，开放后会损害第三方合法权益", _RULE, _LIMITS),
    ("by-law", "其他按照法律法规和国家有关规定应当限制利用", _RULE, _LIMITS),
    ("health", "涉及健康、病史", "本馆", _LIMITS),
    ("minor", "涉及未成年人", "本馆", _LIMITS),
    ("livelihood", "民生专题档案中的个人记载（婚姻、户籍、收养等）", "本馆", _LIMITS),
    ("case", "涉及案件、处分、审查的个人记载", "本馆", _LIMITS),
    ("foreign", "涉及外事、侨务、港澳台，须征求有关部门意见", "本馆", _LIMITS),
    ("faith", "涉及民族、宗教事务，须征求有关部门意见", "本馆", _LIMITS),
    ("border", "涉及海防、边界、军事设施", "本馆", _LIMITS),
    ("donor", "捐赠、寄存人的约定", "本馆", _LIMITS),
    ("not-due", "自形成之日起未满二十五年", "档案法第二十七条", ["延期开放"]),
    ("unreadable", "文字尚未识读或无法辨认，待看原件", "本馆", ["延期开放"]),
    ("quality", "图像或著录有误，改正后再上网", "本馆", ["开放", "延期开放"]),
)
#: category → (reason, terms).
_TERMS = {
    "健康": ("health", "病历 诊断书 精神病 麻风 性病 梅毒 肺结核 堕胎 引产 残疾证 艾滋病 吸毒"),
    "未成年人": ("minor", "少年犯 工读学校 弃婴 童养媳 幼女 未成年"),
    "民生": ("livelihood", "结婚证 离婚 婚姻登记 收养登记 户口簿 户籍登记 独生子女 知青子女 遗嘱"),
    "案件": ("case", "刑事 判决书 劳动教养 劳改 审讯 口供 检举 揭发 处分决定 开除党籍 政治审查 平反 右派"),
    "外事": ("foreign", "外事 领事 侨汇 港澳 引渡 偷渡"),
    "民族宗教": ("faith", "教产 教会 寺产 民族纠纷"),
    "海防": ("border", "海防工事 军事设施 炮台位置 雷区 国界 领海基点"),
    "举报": ("case", "匿名信 举报信 来信来访 上访"),
}


def upgrade() -> None:
    op.create_table(
        "review_batches",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("announced", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("assigned", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("made_by_id", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "review_reasons",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "sensitive_terms",
        sa.Column("term", sa.String(length=80), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("term"),
    )
    op.create_table(
        "review_bulks",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("opinion", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("sample", sa.JSON(), nullable=False),
        sa.Column("looked", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["review_batches.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_review_bulks_batch_id"), "review_bulks", ["batch_id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("record_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("open_key", sa.String(length=270), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["review_batches.id"],
        ),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["records.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("open_key"),
    )
    op.create_index("ix_reviews_batch", "reviews", ["batch_id", "step"], unique=False)
    op.create_index("ix_reviews_record", "reviews", ["record_id"], unique=False)
    op.create_table(
        "opening_decisions",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("record_id", sa.String(length=255), nullable=False),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("how", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("publicity", sa.String(length=16), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("review_again", sa.String(length=10), nullable=True),
        sa.Column("latest", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["records.id"],
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["reviews.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_decisions_latest", "opening_decisions", ["latest", "status", "at"], unique=False)
    op.create_index("ix_decisions_record", "opening_decisions", ["record_id", "at"], unique=False)
    op.create_index(
        op.f("ix_opening_decisions_review_again"), "opening_decisions", ["review_again"], unique=False
    )
    op.create_table(
        "review_opinions",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("publicity", sa.String(length=16), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("review_again", sa.String(length=10), nullable=True),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["reviews.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("review_id", "version"),
    )

    _fill()


def _fill() -> None:
    """The lists an archive begins with; it changes them as it likes."""
    reasons = sa.table(
        "review_reasons",
        *(sa.column(name) for name in ("code", "place", "text", "basis")),
        sa.column("states", sa.JSON()),
        sa.column("active", sa.Boolean()),
    )
    rows = [
        {"code": code, "place": 10 * n, "text": text, "basis": basis, "states": states, "active": True}
        for n, (code, text, basis, states) in enumerate(_REASONS, 1)
    ]
    op.bulk_insert(reasons, rows)
    terms = sa.table("sensitive_terms", *(sa.column(name) for name in ("term", "category", "reason")))
    op.bulk_insert(
        terms,
        [
            {"term": term, "category": category, "reason": reason}
            for category, (reason, said) in _TERMS.items()
            for term in said.split()
        ],
    )
