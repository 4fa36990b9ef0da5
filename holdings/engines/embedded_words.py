"""The words leg on Tantivy: schema, documents, and queries from the port's leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import tantivy

from holdings.engines.common import NO_DAY, UNDATED_YEAR, days_of, facet_field, spaced, token, years_of
from holdings.engines.port import (
    BIGRAM_FIELD,
    BIGRAM_WEIGHT,
    FACETS,
    TEXT_FIELDS,
    YEARS,
    AnyOf,
    DateRange,
    Document,
    FacetIn,
    Node,
    Phrase,
    Sort,
    Undated,
    Word,
)
from holdings.errors import BadQuery, NotReady

Query = tantivy.Query
Occur = tantivy.Occur

TOKENS = "tokens"  # our analyzer: what stands between spaces is a token
ID, NUMBER, FIRST, LAST, SUGGEST_CHARS, STATE, STATE_KEY = (
    "id", "number", "first_day", "last_day", "suggest_chars", "state", "state_key",
)  # fmt: skip
STATE_VALUE = "state"
#: The field whose ascending order is each sort; values are unique, so the order is total.
SORT_FIELDS = {Sort.DATE: "by_date", Sort.DATE_DESC: "by_date_desc", Sort.CODE: "by_code"}

_MESSAGE = re.compile(r'message: "([^"]+)"')
_REGEX_SIGNS = re.compile(r"([\\.+*?()|\[\]{}^$#&\-~])")


def build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in (*TEXT_FIELDS, BIGRAM_FIELD, SUGGEST_CHARS):
        builder.add_text_field(name, tokenizer_name=TOKENS, index_option="position")
    for name in (*map(facet_field, FACETS), *SORT_FIELDS.values()):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(ID, tokenizer_name="raw", index_option="basic")
    for name in (NUMBER, FIRST, LAST, YEARS):
        builder.add_unsigned_field(name, indexed=True, fast=True)
    builder.add_text_field(STATE_KEY, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(STATE, stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def open_index(path: str, schema: tantivy.Schema) -> tantivy.Index:
    """Open or make. Readers reload by hand, so that searcher and columns move together. Raises NotReady."""
    with locking():
        index = tantivy.Index(schema, path=path)
    analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(TOKENS, analyzer)
    index.config_reader("manual")
    return index


@contextmanager
def locking() -> Iterator[None]:
    """Around whatever takes a Tantivy lock, readers' opening too: NotReady where its file cannot be written."""
    try:
        yield
    except ValueError as error:
        if "Lockfile" not in str(error) or "IoError" not in str(error):
            raise
        reason = match[1] if (match := _MESSAGE.search(str(error))) else str(error)
        raise NotReady(
            f"索引文件夹写不了锁文件（{reason}），读索引也要用它。",
            advice="请检查 DANGHAI_HOME 下 index 文件夹的权限与磁盘剩余空间；只读的介质请先复制到可写处。",
        ) from error


def sort_keys(document: Document) -> dict[str, str]:
    """One string each sort, in whose order Tantivy sorts; the id after the last NUL makes it unique."""
    tail = f"{document.sort_code}\0{document.id}"
    first, _ = days_of(document)
    return {
        SORT_FIELDS[Sort.CODE]: tail,
        SORT_FIELDS[Sort.DATE]: f"{first or NO_DAY:08d}\0{tail}",
        SORT_FIELDS[Sort.DATE_DESC]: f"{NO_DAY - first:08d}\0{tail}",
    }


def id_of_key(key: str) -> str:
    return key.rsplit("\0", 1)[1]


def make_document(document: Document, schema: tantivy.Schema) -> tantivy.Document:
    """Everything but the number, which is given when it is added."""
    values: dict[str, object] = {ID: document.id, YEARS: years_of(document)}
    for name, texts in document.text.items():
        values[name] = [spaced(tokens) for tokens in texts]
    values[BIGRAM_FIELD] = [spaced(pairs) for pairs in document.bigrams]
    for facet, named in document.facets.items():
        values[facet_field(facet)] = list(dict.fromkeys(named))
    first, last = days_of(document)
    if first:
        values[FIRST], values[LAST] = first, last
    values[SUGGEST_CHARS] = [spaced(list(normal)) for _, normal in document.suggest]
    return tantivy.Document.from_dict({**values, **sort_keys(document)}, schema)


def state_document(text: str, schema: tantivy.Schema) -> tantivy.Document:
    """The one document that holds no record: what a commit says of the columns."""
    return tantivy.Document.from_dict({STATE_KEY: STATE_VALUE, STATE: text}, schema)


def read_state(searcher: tantivy.Searcher, schema: tantivy.Schema) -> str | None:
    """The latest: a former one may have come back (GenerationWriter)."""
    hits = searcher.search(Query.term_query(schema, STATE_KEY, STATE_VALUE), 16).hits
    texts = [str(searcher.doc(address).get_first(STATE)) for _, address in hits]
    return max(texts, key=lambda text: int(json.loads(text)["commit"]), default=None)


class QueryBuilder:
    """Turns the port's nodes into Tantivy queries. Scores are BM25 per field, weighted and summed."""

    def __init__(self, schema: tantivy.Schema) -> None:
        self._schema = schema

    def everything(self) -> Query:
        """Every record; the state document has no year, not even the undated one."""
        return Query.exists_query(YEARS)

    def node(self, node: Node) -> Query:
        clauses = self._alternatives(node)
        return clauses[0] if len(clauses) == 1 else Query.boolean_query([(Occur.Should, c) for c in clauses])

    def constrained(
        self, words: Node | None, must: Sequence[Node] = (), must_not: Sequence[Node] = ()
    ) -> Query:
        """Words rank; must and must_not only let through."""
        parts = [(Occur.Must, Query.const_score_query(self.node(node), 0.0)) for node in must]
        if words is not None:
            parts.insert(0, (Occur.Must, self.node(words)))
        if not parts:
            parts = [(Occur.Must, Query.const_score_query(self.everything(), 0.0))]
        parts += [(Occur.MustNot, self.node(node)) for node in must_not]
        return parts[0][1] if len(parts) == 1 else Query.boolean_query(parts)

    def both(self, one: Query, other: Query) -> Query:
        return Query.boolean_query([(Occur.Must, one), (Occur.Must, other)])

    def excluding(self, query: Query) -> Query:
        """Every record the query does not match."""
        return Query.boolean_query([(Occur.Must, self.everything()), (Occur.MustNot, query)])

    def ids(self, ids: Sequence[str]) -> Query:
        return Query.term_set_query(self._schema, ID, list(ids))

    def numbers(self, numbers: Sequence[int]) -> Query:
        return Query.term_set_query(self._schema, NUMBER, list(numbers))

    def containing(self, text: str) -> Query:
        """Documents one of whose suggestions contains the text."""
        return self._sequence(SUGGEST_CHARS, list(text))

    def _alternatives(self, node: Node) -> list[Query]:
        """Clauses any of which suffices: flat where it can be, for Tantivy joins flat unions fastest."""
        if isinstance(node, Word):
            return self._word(node)
        if isinstance(node, Phrase):
            return self._worded(node.tokens, node.bigrams, node.fields, 1.0) or [Query.empty_query()]
        if isinstance(node, AnyOf):
            return self._any_of(node)
        if isinstance(node, FacetIn):
            field = facet_field(node.facet)
            clauses = [Query.term_query(self._schema, field, value) for value in node.values]
            return clauses or [Query.empty_query()]
        if isinstance(node, DateRange):
            return [self._date_range(node)]
        if isinstance(node, Undated):
            return [Query.term_query(self._schema, YEARS, UNDATED_YEAR)]
        return [self.ids(node.ids)]

    def _any_of(self, node: AnyOf) -> list[Query]:
        required = max(1, node.required)
        if required > len(node.children):
            return [Query.empty_query()]
        if required == 1:
            return [clause for child in node.children for clause in self._alternatives(child)]
        children = [self.node(child) for child in node.children]
        if required == len(children):
            return [Query.boolean_query([(Occur.Must, child) for child in children])]
        shoulds = [(Occur.Should, child) for child in children]
        return [Query.boolean_query(shoulds, minimum_number_should_match=required)]

    def _word(self, word: Word) -> list[Query]:
        clauses = self._worded((), word.bigrams, word.fields, word.weight)
        for tokens in filter(None, word.alternatives):
            clauses += self._worded(tokens, (), word.fields, word.weight)
        if word.prefix and word.alternatives and word.alternatives[0]:
            clauses += self._prefixed(word.alternatives[0], word.fields, word.weight)
        return clauses or [Query.empty_query()]

    def _worded(
        self, tokens: Sequence[str], bigrams: Sequence[str], fields: Sequence[str], weight: float
    ) -> list[Query]:
        """The tokens in each field; the bigrams only when no field is named, for theirs mixes several."""
        clauses = []
        if tokens:
            for name in self._fields(fields):
                clauses.append(_boost(self._sequence(name, tokens), weight * TEXT_FIELDS[name]))
        if bigrams and not fields:
            clauses.append(_boost(self._sequence(BIGRAM_FIELD, bigrams), weight * BIGRAM_WEIGHT))
        return clauses

    def _prefixed(self, tokens: Sequence[str], fields: Sequence[str], weight: float) -> list[Query]:
        """The last token stands for every token that starts with it; all such count, each scored alike."""
        *before, last = map(token, tokens)
        clauses = []
        for name in self._fields(fields):
            if before:
                patterns = [_escape(text) for text in before] + [_escape(last) + ".*"]
                query = Query.regex_phrase_query(self._schema, name, list(patterns))
            else:
                query = Query.fuzzy_term_query(self._schema, name, last, distance=0, prefix=True)
            clauses.append(_boost(query, weight * TEXT_FIELDS[name]))
        return clauses

    def _fields(self, fields: Sequence[str]) -> Sequence[str]:
        unknown = [name for name in fields if name not in TEXT_FIELDS]
        if unknown:
            raise BadQuery(f"没有这个检索项：{', '.join(unknown)}")
        return fields or tuple(TEXT_FIELDS)

    def _sequence(self, name: str, tokens: Sequence[str]) -> Query:
        if len(tokens) == 1:
            return Query.term_query(self._schema, name, token(tokens[0]))
        return Query.phrase_query(self._schema, name, [token(text) for text in tokens])

    def _date_range(self, node: DateRange) -> Query:
        unsigned = tantivy.FieldType.Unsigned
        last = NO_DAY if node.last is None else node.last
        parts = [Query.range_query(self._schema, FIRST, unsigned, 1, last)]
        if node.first is not None:
            parts.append(Query.range_query(self._schema, LAST, unsigned, node.first, NO_DAY))
        return parts[0] if len(parts) == 1 else Query.boolean_query([(Occur.Must, part) for part in parts])


def _boost(query: Query, weight: float) -> Query:
    return query if weight == 1.0 else Query.boost_query(query, weight)


def _escape(text: str) -> str:
    return _REGEX_SIGNS.sub(r"\\\1", text)
