"""Text as search sees it: normalised, with every character traceable to the text as it is shown.

Pure functions. Both sides, documents and questions, go through `normalise` before they are segmented
(invariant 5); whatever is found in normalised text is shown through `Normalised.span`.
"""

from __future__ import annotations

import importlib.metadata
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from holdings.records import FIELD_BY_NAME, STAFF_ONLY_FIELDS, Passage, Record

_REVISION = 1  # raise it whenever `normalise` gives another result for some text

#: Name and version of the normaliser; an index remembers it (engines.port.MadeWith).
NORMALISER = f"danghai-{_REVISION}+opencc-{importlib.metadata.version('opencc')}"

#: Han characters as a character class: what `bigrams` pairs and line breaks may fall between.
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々\U00020000-\U000323af"

#: Variant, old-print and Japanese forms that OpenCC's traditional→simplified table leaves alone but
#: scans and OCR give: 嶴 is how half the villages of Zhoushan were written, 〇 and ○ are zeros of years.
_VARIANTS = """
〇零 ○零 ◯零 塲场 甯宁 鼇鳌 嶴岙 墺岙 戸户 衞卫 鉄铁 歩步 処处 毎每 砲炮 帋纸 槪概 鄕乡 郞郎 淸清 靑青 愼慎
髙高 緖绪 曁暨 㑹会 囯国 圀国 囻国 県县 舗铺 昻昂 甞尝 慙惭 鑛矿 鹻碱 塩盐 鱻鲜 籐藤 隄堤 舩船 舡船 閙闹
鬪斗 闘斗 徧遍 逈迥 囘回 囬回 廻回 湼涅 叅参 弍二 弎三 弌一 尙尚 牋笺 畧略 擧举 挙举 尅克 勦剿 勲勋 厰厂
呪咒 噐器 坵丘 埧坝 埳坎 姉姐 娯娱 婬淫 寃冤 冦寇 寳宝 尟鲜 歳岁 巌岩 嵒岩 幇帮 倂并 竝并 庻庶 彊强 徴征
恊协 怱匆 悤匆 憇憩 戯戏 戱戏 抝拗 挿插 揷插 搆构 撃击 攷考 敍叙 暦历 曽曾 朶朵 杴锨 桟栈 椶棕 鎗枪 櫂棹
欵款 歛敛 氷冰 沠派 浄净 涖莅 渉涉 澂澄 烖灾 熈熙 犂犁 玆兹 甎砖 塼砖 疎疏 疉叠 痺痹 発发 皐皋 盌碗 碁棋
礮炮 礟炮 竒奇 紏纠 紥扎 緜绵 縄绳 罸罚 羗羌 聨联 聫联 肎肯 脇胁 臈腊 艢樯 苐第 茘荔 荅答 荘庄 菓果 薬药
蘓苏 甦苏 虵蛇 蠏蟹 衂衄 衹只 祇只 裠裙 襍杂 覇霸 覩睹 観观 覌观 詧察 謌歌 讁谪 讐仇 賛赞 賷赍 賸剩 趂趁
軰辈 輙辄 輭软 辧办 辤辞 辝辞 辳农 迺乃 迻移 遯遁 郷乡 隣邻 酧酬 醻酬 毉医 銭钱 鎻锁 鏁锁 鐡铁 闗关 関关
阯址 隂阴 険险 隷隶 鶏鸡 霊灵 靣面 頋顾 頼赖 顋腮 飮饮 馀余 駆驱 験验 駈驱 駅驿 鬰郁 鵞鹅 麤粗 麁粗 黒黑
奌点 黙默 鼈鳖 鼔鼓 斉齐 斎斋 歯齿 竜龙 亀龟 兎兔 冩写 冨富 凢凡 刄刃 刦劫 刼劫 劒剑 劔剑 労劳 効效 傚效
匳奁 卋世 単单 収收 叧另 吿告 喆哲 図图 圗图 壊坏 壱壹 売卖 夀寿 奨奖 妬妒 姙妊 娬妩 斈学 孶孳 寔实 実实
対对 専专 尓尔 尭尧 嶋岛 嶌岛 㠀岛 広广 廃废 弾弹 悳德 徳德 応应 恵惠 愽博 戦战 択择 拝拜 拡扩 捜搜 掲揭
摂摄 暁晓 栄荣 楽乐 様样 権权 検检 気气 沢泽 済济 渓溪 満满 瀬濑 焼烧 犠牺 獣兽 畳叠 眡视 硏研 稲稻 穂穗
穏稳 粛肃 経经 続续 総总 縁缘 繊纤 聴听 蔵藏 蛍萤 覚觉 訳译 読读 譲让 豊丰 貮贰 転转 軽轻 逓递 遅迟 酔醉
醸酿 釈释 鋳铸 錬炼 陥陷 雑杂 騒骚 髄髓 瑯琅 缾瓶 甁瓶 覧览 両两 邉边 縀缎 彂发 椀碗 栢柏 栁柳 乹干 呌叫 筯箸
匲奁 籢奁 亰京 梹槟 彚汇 覔觅 邨村
"""

#: Invisible characters that born-digital texts carry inside words: dropped.
_IGNORED = re.compile("[\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
_SOFT_BREAK = re.compile(f"(?<=[{HAN}])[ \\t]*(?:\r\n|\r|\n)(?=[{HAN}])")
_HAN_RUN = re.compile(f"[{HAN}]+")


@dataclass(frozen=True, slots=True)
class Normalised:
    """Normalised text and where each of its characters stands in the text as shown.

    starts, ends: one entry a character of `text`, neither ever falling: `text[i]` came from
    `shown[starts[i]:ends[i]]`. Several characters may share a span ("㎡" → "m2"), and a span may be
    longer than one character ("e" + U+0301 → "é").
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The [start, end) of the shown text that gave `text[start:end]`. IndexError outside of it."""
        if not 0 <= start <= end <= len(self.text):
            raise IndexError(f"[{start}, {end}) is not within {len(self.text)} normalised characters")
        if start == end:
            point = self.starts[start] if start < len(self.text) else (self.ends[-1] if self.ends else 0)
            return point, point
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> Normalised:
    """NFKC, lower case, traditional and variant → simplified one to one, soft line breaks dropped.

    A single line break between two Han characters is where a line happened to be full: it is dropped,
    so that words are seen across it; a blank line or an indented line stays a break.
    Idempotent on its own output. Source of the character pairs: OpenCC t2s, and `_VARIANTS`.
    """
    table = _table()
    mapped = text.translate(table)
    starts: Sequence[int]
    ends: Sequence[int]
    if table.odd.isdisjoint(text):  # nearly every text: each character became exactly one
        starts, ends = range(len(text)), range(1, len(text) + 1)
    else:
        mapped, starts, ends = _by_clusters(text, table)
    return _join_lines(mapped, starts, ends)


class _CharTable(dict[int, str]):
    """Code point → normalised character(s), filled as characters are met.

    odd: characters met that do not simply become one character: they expand, vanish or combine with
    the one before. `str.translate` is right for every text without them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.odd: set[str] = set()

    def __missing__(self, code: int) -> str:
        char = chr(code)
        value = _fold(char)
        if len(value) != 1 or _combines(char):
            self.odd.add(char)  # before the entry: another thread must not see one without the other
        if code < 0x40000:  # bounds what a hostile text can make us keep
            self[code] = value
        return value


@lru_cache(maxsize=1)
def _table() -> _CharTable:
    return _CharTable()


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    """Traditional and variant Han characters → simplified, one to one, closed under itself."""
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    pairs: dict[int, str] = {}
    for first, last in ((0x2E80, 0xA000), (0x20000, 0x323B0)):
        for code in range(first, last):
            simple = convert(chr(code))
            if simple != chr(code) and len(simple) == 1:
                pairs[code] = simple
    pairs.update({ord(pair[0]): pair[1] for pair in _VARIANTS.split()})
    return {code: _last(pairs, code) for code in pairs}


def _last(pairs: dict[int, str], code: int) -> str:
    while code in pairs:
        code = ord(pairs[code])
    return chr(code)


def _fold(cluster: str) -> str:
    visible = _IGNORED.sub("", cluster)
    lowered = unicodedata.normalize("NFKC", visible).lower()
    # Lower-casing can leave a sequence that composes again ("J̌" → "ǰ"): normalise once more.
    return unicodedata.normalize("NFKC", lowered).translate(_simplified())


def _combines(char: str) -> bool:
    """Whether `char` may change what the character before it becomes."""
    if _IGNORED.match(char):
        return True
    first = unicodedata.normalize("NFKD", char)[0]
    return unicodedata.category(first)[0] == "M" or 0x1160 <= ord(first) <= 0x11FF  # marks, Hangul jamo


def _by_clusters(text: str, table: _CharTable) -> tuple[str, list[int], list[int]]:
    """The careful way: each base character with what combines with it."""
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text, table):
        value = table[ord(text[start])] if end - start == 1 else _fold(text[start:end])
        out.append(value)
        starts.extend([start] * len(value))
        ends.extend([end] * len(value))
    return "".join(out), starts, ends


def _clusters(text: str, table: _CharTable) -> Iterator[tuple[int, int]]:
    start = 0
    for at in range(1, len(text)):
        if text[at] in table.odd and _combines(text[at]):
            continue
        yield start, at
        start = at
    if text:
        yield start, len(text)


def _join_lines(text: str, starts: Sequence[int], ends: Sequence[int]) -> Normalised:
    kept: list[tuple[int, int]] = []
    at = 0
    for found in _SOFT_BREAK.finditer(text):
        kept.append((at, found.start()))
        at = found.end()
    if not kept:
        return Normalised(text, starts, ends)
    kept.append((at, len(text)))
    return Normalised(
        "".join(text[a:b] for a, b in kept),
        [place for a, b in kept for place in starts[a:b]],
        [place for a, b in kept for place in ends[a:b]],
    )


def bigrams(text: str) -> list[str]:
    """Overlapping pairs of the Han runs of normalised text, in reading order. A lone character gives none."""
    return [run[i : i + 2] for run in _HAN_RUN.findall(text) for i in range(len(run) - 1)]


def natural_key(code: str) -> str:
    """A string that sorts reference codes by number: J1-2 before J1-10. Compare plainly.

    Each run of digits is led by its own length, which sorts like padding and has no longest number;
    leading zeros do not count. Codes that differ only in width, case or zeros share a key.
    """

    def number(found: re.Match[str]) -> str:
        digits = found.group().lstrip("0") or "0"
        return f"{len(digits):02d}{digits}"

    return re.sub(r"[0-9]{1,99}", number, normalise(code.strip()).text)


# ── passages ────────────────────────────────────────────────────────────────────

#: Where a text may be cut, best first, and what cutting there costs, in shares of the wished size.
_CUTS: tuple[tuple[re.Pattern[str], float], ...] = (
    (re.compile(r"(?:\r\n|\r|\n)[ \t\u3000]*(?:\r\n|\r|\n)\s*"), -0.15),  # blank line
    (re.compile(r"[。！？!?；;…][」』”’》）)\]】〕\"']*\s*|(?<=[a-z0-9])\.\s+"), 0.0),  # end of a sentence
    (re.compile(r"\r\n|\r|\n"), 0.2),  # end of a line
    (re.compile(r"[，、：,:]\s*"), 0.3),  # end of a clause
    (re.compile(r"[ \t\u3000]+"), 0.45),
)
_ANYWHERE = 1.0
_SLACK = 0.4  # a piece is at least 60 % and at most 140 % of the wished size


def cut_passages(text: str, page: int, *, limit: int = 300) -> list[Passage]:
    """Cut a page's text, as shown, into passages of at most `limit` characters.

    Cuts fall at ends of sentences or lines, else of clauses, else anywhere; sizes are as even as that
    allows, so there is no tiny tail. Passages are in order, do not overlap, carry no white space at
    their ends and cover everything else. Blank text gives none. `passage.text == text[start:end]`.
    """
    if limit < 2:
        raise ValueError(f"limit must be at least 2, not {limit}")
    cuts = _cut_points(text)
    passages: list[Passage] = []
    at, last = _trim(text, 0, len(text))
    while at < last:
        end = last if last - at <= limit else _next_cut(text, cuts, at, last, limit)
        start, stop = _trim(text, at, end)
        passages.append(Passage(page, len(passages), start, stop, text[start:stop]))
        at, _ = _trim(text, end, last)
    return passages


def _cut_points(text: str) -> list[tuple[int, float]]:
    """(position, cost) of every place to cut, by position; the cheapest reason wins."""
    points: dict[int, float] = {}
    for pattern, cost in _CUTS:
        for found in pattern.finditer(text):
            points.setdefault(found.end(), cost)
    return sorted(points.items())


def _next_cut(text: str, cuts: list[tuple[int, float]], at: int, last: int, limit: int) -> int:
    """Where the piece that starts at `at` ends, when more than `limit` characters are left."""
    pieces = -(-(last - at) // limit)
    wished = (last - at) / pieces
    low = at + max(1, int(wished * (1 - _SLACK)))
    high = at + min(limit, int(wished * (1 + _SLACK)))
    best, least = at + min(limit, max(1, round(wished))), _ANYWHERE
    for place, cost in cuts[bisect_left(cuts, (low, -1.0)) : bisect_right(cuts, (high, _ANYWHERE))]:
        total = abs(place - at - wished) / wished + cost
        if total < least:
            best, least = place, total
    if least == _ANYWHERE:
        while best > low and unicodedata.combining(text[best]):
            best -= 1
    return best


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


#: What a description says beside its title, in the order in which it is read.
_DESCRIBED: tuple[str, ...] = (
    "parallel_title", "abstract", "attachments", "creators", "date", "document_number", "genre",
    "places", "keywords", "agency_history", "notes",
)  # fmt: skip


def description_text(record: Record) -> str:
    """The text of a description, its page 0: the title, then what else it says, a paragraph a field.

    Blank lines between the paragraphs keep words and phrases from running across fields. One text
    serves every audience, so neither staff-only fields nor personal ones (persons) are in it.
    """
    paragraphs = [record.title]
    for name in _DESCRIBED:
        if name in STAFF_ONLY_FIELDS or FIELD_BY_NAME[name].personal:
            continue
        value = record.date.text if name == "date" else getattr(record, name)
        paragraphs.append(value if isinstance(value, str) else "；".join(value))
    return "\n\n".join(paragraph.strip() for paragraph in paragraphs if paragraph.strip())


#: Facets whose values are words that traditional and simplified texts write differently.
_WORD_FACETS = frozenset({"genre", "creators", "persons", "places", "keywords", "category", "medium"})


def facet_value(facet: str, value: str) -> str:
    """A value as its facet counts it: 沈家門 and 沈家门 are one place. Codes and Latin names stay as they are."""
    return normalise(value).text if facet in _WORD_FACETS and not value.isascii() else value.strip()
