"""All settings, in one class. From the environment or a `.env` file, prefix `DANGHAI_`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One installation's settings. Relative paths are taken from the working folder."""

    model_config = SettingsConfigDict(env_prefix="DANGHAI_", env_file=".env", extra="ignore")

    home: Path = Field(Path("data"), description="数据目录 data folder: catalogue, file store, indexes, logs")
    archive_code: str = Field(
        "990001", description="档案馆代码 archive code, the first part of every record id"
    )
    archive_name: str = Field("本馆", description="档案馆名称 the archive's name, as citations give it")
    database_url: str = Field(
        "", description="SQLAlchemy URL of the catalogue; empty: SQLite in the data folder"
    )
    engine: Literal["embedded", "elasticsearch"] = Field(
        "embedded", description="检索引擎，直到第一次 `danghai index move` search engine, until a first move"
    )
    elastic_hosts: str = Field(
        "http://127.0.0.1:9200",
        description="Elasticsearch 地址，逗号分隔 addresses of Elasticsearch, between commas",
    )
    elastic_api_key: SecretStr | None = Field(None, description="Elasticsearch API key")
    elastic_ca: Path | None = Field(
        None,
        description="Elasticsearch 的根证书 PEM file of the authority that signed the cluster's certificate",
    )
    elastic_prefix: str = Field(
        "danghai",
        pattern="^[a-z0-9][a-z0-9_-]*$",
        description="索引名前缀 first part of every index's name in Elasticsearch",
    )
    elastic_shards: int = Field(
        1,
        ge=1,
        le=64,
        description="每个索引的分片数 shards of an index; more beyond some ten million passages",
    )
    elastic_replicas: int = Field(
        1,
        ge=0,
        le=10,
        description="每个分片另存的份数 further copies of each shard, as far as there are nodes to hold them",
    )
    models_dir: Path | None = Field(
        None, description="模型目录 folder of model files; empty: the user's cache"
    )
    example_questions: tuple[str, ...] = Field(
        (), description="示例问题 examples on the explorer's first page (JSON list)"
    )
    one_person_review: bool = Field(
        False,
        description="一人审核 one person may open records and review exhibitions, in archives of one person;"
        " others need several",
    )
    liberation: date = Field(
        date(1950, 5, 17),
        description="本地解放之日 day of local liberation, from before which each section of an exhibition should"
        " show something",
    )
    ocr_workers: int = Field(0, ge=0, description="OCR 进程数 OCR worker processes; 0: one a core")
    ocr: bool = Field(True, description="后台识读 read waiting scans while serving")
    host: str = Field("127.0.0.1", description="API 监听地址 address the API listens on")
    port: int = Field(8080, ge=1, le=65535, description="API 端口 port of the API")
    api_workers: int = Field(1, ge=1, le=64, description="API 进程数 processes of the API on this machine")
    ui_port: int = Field(8501, ge=1, le=65535, description="浏览器界面端口 port of the explorer")
    api_url: str = Field(
        "", description="the API's address as the explorer reaches it; empty: host and port above"
    )
    session_idle: int = Field(
        1800, ge=1, description="登录后闲置多久失效（秒） seconds after which an unused session ends"
    )
    session_lasts: int = Field(
        43_200, ge=1, description="登录最长多久（秒） seconds after which any session ends"
    )
    sign_in_tries: int = Field(
        5, ge=1, description="登录失败几次后开始等候 failed sign-ins of a name that cost no wait"
    )
    rate_search: str = Field(
        "1200/minute",
        description="每人检索次数上限，空为不限 searches a caller may make; empty: no limit",
    )
    rate_images: str = Field(
        "6000/minute", description="每人取图次数上限 page images and files a caller may fetch"
    )
    rate_sign_in: str = Field("30/minute", description="每个地址登录次数上限 sign-ins from one address")
    rate_other: str = Field(
        "3000/minute", description="每人其余请求次数上限 other requests a caller may make"
    )
    rate_offers: str = Field(
        "30/hour", description="每人征集线索与附件次数上限 offers and files of offers a caller may send"
    )
    rate_storage: str = Field(
        "async+memory://",
        description="计数存放处 where requests are counted: in each process, or async+redis://… for several",
    )
    trusted_proxies: str = Field(
        "127.0.0.1,::1",
        description="可信代理，其 X-Forwarded-For 为准 addresses or networks whose X-Forwarded-For is believed",
    )
    oidc_issuer: str = Field(
        "", description="统一身份认证的签发者地址，空为不用 OIDC issuer; empty: no sign-in by OIDC"
    )
    oidc_client_id: str = Field("", description="在认证服务登记的客户端 client id at the OIDC provider")
    oidc_client_secret: SecretStr | None = Field(None, description="客户端密钥 its secret")
    oidc_redirect: str = Field(
        "",
        description="登记的回跳地址 the redirect address registered there: the explorer's, with /x/oidc/back",
    )
    oidc_claim: str = Field("groups", description="说明角色的声明 claim of the ID token that says the roles")
    oidc_roles: dict[str, str] = Field(
        {}, description="声明值到角色或范围 JSON: a value of that claim → a role, or an audience"
    )
    oidc_label: str = Field("统一身份认证", description="登录页上的名称 what the sign-in page calls it")
    request_seconds: float = Field(
        60,
        gt=0,
        description="接口一次应答的时限（秒） seconds after which an answer that has not begun is given up",
    )
    store: Path | None = Field(
        None,
        description="文件库 folder of files by SHA-256, which all machines that read share;"
        " empty: `store` in the data folder",
    )
    work_gone: float = Field(
        30.0,
        gt=0,
        description="工作进程失联几秒后由别的接手 seconds of silence after which others take over a worker's pages",
    )
    max_pixels: int = Field(200_000_000, description="单页最大像素 largest page image accepted, in pixels")
    max_side: int = Field(30_000, description="单页最大边长 longest side of a page image accepted, in pixels")
    max_unpacked: int = Field(2_000_000_000, description="解压上限 most bytes one packed file may unfold to")

    audit_key: Path | None = Field(
        None,
        description="审计签名私钥 private key that signs the audit trail's heads; empty: in the data folder",
    )
    audit_heads: Path | None = Field(
        None, description="审计日结文本 text file of signed daily heads, best on other storage"
    )
    audit_days: int = Field(
        184,
        ge=184,
        description="审计中个人信息的保存天数 days after which addresses and search texts are erased (law: 6 months)",
    )
    audit_public: bool = Field(
        False,
        description="逐条记公众的检索与浏览 record each public request with its address, not only how many",
    )
    offer_days: int = Field(
        180,
        ge=1,
        description="征集线索中个人信息的保存天数 days after an offer's last step when what is personal in it is erased",
    )
    alert_minutes: int = Field(10, ge=1, description="告警的时间窗 minutes over which alerts count")
    alert_downloads: int = Field(300, ge=1, description="告警：原图与附件 images and files one caller took")
    alert_not_found: int = Field(100, ge=1, description="告警：未找到 not-founds of one caller")
    alert_sign_ins: int = Field(10, ge=1, description="告警：登录失败 failed sign-ins from one address")
    alert_closed: int = Field(
        200, ge=1, description="告警：查看未开放 closed records and pages one caller saw"
    )
    alert_webhook: str = Field("", description="告警推送地址 address that alerts are posted to")
    alert_secret: SecretStr | None = Field(
        None, validate_default=True, description="告警推送的 HMAC 密钥 secret that signs them"
    )
    metrics_loopback: bool = Field(
        False, description="本机可读 /metrics loopback callers may read metrics; off behind a local proxy"
    )

    public_only: bool = Field(
        False, description="公众网一端 public installation: public records only, no staff, no ingest"
    )
    publish_key: Path | None = Field(
        None, description="导出包的签名私钥 private key that signs packages; empty: in the data folder"
    )
    publish_public_key: Path | None = Field(
        None, description="内网的公钥 the archive's public key, on the public installation"
    )
    publish_hours: int = Field(
        24,
        ge=1,
        description="收回、涂黑未送达的告警时限 hours after which a withdrawal or redaction not carried over is an alert",
    )
    publish_max: int = Field(200_000_000_000, description="导入包解压上限 most bytes a package may unfold to")

    @field_validator("alert_webhook")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("should begin with https:// or http://")
        return value

    @field_validator("alert_secret")
    @classmethod
    def _signed(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("alert_webhook"):
            raise ValueError("is needed where DANGHAI_ALERT_WEBHOOK is set: alerts are signed")
        return value

    @property
    def catalogue_url(self) -> str:
        """The catalogue's SQLAlchemy URL, the default filled in."""
        return self.database_url or f"sqlite:///{(self.home / 'catalogue.sqlite').absolute()}"

    @property
    def audit_url(self) -> str:
        """The audit trail's: a file of its own in the data folder, or tables beside the catalogue's."""
        if self.database_url and not self.database_url.startswith("sqlite"):
            return self.database_url
        return f"sqlite:///{(self.home / 'audit.sqlite').absolute()}"

    @property
    def audit_key_file(self) -> Path:
        return self.audit_key or self.home / "audit.key"

    @property
    def audit_heads_file(self) -> Path:
        return self.audit_heads or self.home / "audit-heads.txt"

    @property
    def publish_key_file(self) -> Path:
        return self.publish_key or self.home / "publish.key"

    @property
    def publish_public_key_file(self) -> Path:
        return self.publish_public_key or self.home / "publish.key.pub"

    @property
    def elastic_urls(self) -> tuple[str, ...]:
        return tuple(host.strip() for host in self.elastic_hosts.split(",") if host.strip())

    @property
    def trusted(self) -> tuple[str, ...]:
        """Addresses and networks of trusted proxies."""
        return tuple(host.strip() for host in self.trusted_proxies.split(",") if host.strip())

    @property
    def store_dir(self) -> Path:
        """Files by SHA-256."""
        return self.store or self.home / "store"

    @property
    def offers_dir(self) -> Path:
        """Files of offers, until they are accepted or erased; all machines of the API share it."""
        return self.home / "offers"

    @property
    def donations_dir(self) -> Path:
        """Intake packages of accepted donations, for `danghai ingest`."""
        return self.home / "donations"

    @property
    def work_url(self) -> str:
        """Where the engine that shares work out keeps its tasks: with the catalogue, or in a file beside it."""
        url = self.catalogue_url
        return f"sqlite:///{(self.home / 'work.sqlite').absolute()}" if url.startswith("sqlite") else url

    @property
    def index_dir(self) -> Path:
        """The embedded engine's indexes; can be deleted and rebuilt."""
        return self.home / "index"

    @property
    def quarantine_dir(self) -> Path:
        """What intake refused, kept."""
        return self.home / "quarantine"

    @property
    def explorer_api_url(self) -> str:
        return self.api_url or f"http://{self.host}:{self.port}"
