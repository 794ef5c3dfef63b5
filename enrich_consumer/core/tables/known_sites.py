"""Sites that send visitors, by medium: our own table (docs/decisions/0012-referrer-table.md).

A line is `source  host host ...`; a host stands for its sub-domains too, and `google.*` for every country's
ending. In SEARCH and AI, `?q,p` names the parameters that may hold the search term.
"""

from typing import NamedTuple


class KnownSite(NamedTuple):
    """`medium`: search, social, email, video, shopping or ai. `terms`: parameters with the search term."""

    medium: str
    source: str
    terms: tuple[str, ...] = ()


SEARCH = """
google ?q,query google.* googleusercontent.com googlesyndication.com com.google.android.googlequicksearchbox
bing ?q bing.com cn.bing.com edgeservices.bing.com
yahoo ?p,q search.yahoo.com yahoo.* yahoo.co.jp
duckduckgo ?q duckduckgo.com duck.com com.duckduckgo.mobile.android
baidu ?wd,word,kw baidu.com baidu.jp baidu.co.th
yandex ?text,query yandex.* ya.ru
ecosia ?q ecosia.org
brave ?q search.brave.com
startpage ?query,q startpage.com ixquick.com
qwant ?q qwant.com
naver ?query search.naver.com m.search.naver.com naver.com
daum ?q daum.net
seznam ?q seznam.cz
sogou ?query,keyword sogou.com
so.com ?q so.com
shenma ?q sm.cn
ask ?q ask.com ask.fm.search
aol ?q,query search.aol.* aol.com aol.co.uk
dogpile ?q dogpile.com
msn ?q msn.com
kagi ?q kagi.com
mojeek ?q mojeek.com
swisscows ?query swisscows.com swisscows.ch
lycos ?query,q lycos.com lycos.fr lycos.de lycos.co.uk lycos.es lycos.it
rambler ?query rambler.ru nova.rambler.ru
mail.ru-search ?q go.mail.ru
sapo ?q pesquisa.sapo.pt
uol ?q busca.uol.com.br
terra ?query buscador.terra.com.br buscador.terra.es
bol ?q busca.bol.uol.com.br
ig ?q busca.ig.com.br
globo ?q busca.globo.com
virgilio ?q virgilio.it ricerca.virgilio.it
web.de ?su suche.web.de
t-online ?q suche.t-online.de
gmx ?su suche.gmx.net search.gmx.com
info.com ?q info.com
webcrawler ?q webcrawler.com
metager ?eingabe metager.de metager.org
petal ?query petalsearch.com
presearch ?q presearch.com presearch.org
you.com-search ?q search.you.com
onet ?q szukaj.onet.pl
wp.pl ?q szukaj.wp.pl
babylon ?q search.babylon.com
conduit ?q search.conduit.com
avg ?q search.avg.com isearch.avg.com
avast ?q search.avast.com
comcast ?q search.comcast.net
centrum ?q centrum.cz search.centrum.cz
coccoc ?query coccoc.com
goo ?MT goo.ne.jp
biglobe ?q biglobe.ne.jp
excite ?search,q excite.com excite.co.jp excite.co.uk
alltheweb ?q alltheweb.com
altavista ?q altavista.com
gigablast ?q gigablast.com
yippy ?query yippy.com
zapmeta ?q,query zapmeta.*
monstercrawler ?qry monstercrawler.com
search.com ?q search.com
ukr.net ?q ukr.net
meta.ua ?q meta.ua
walla ?q search.walla.co.il
eniro ?search_word eniro.se
orange ?kw,q lemoteur.orange.fr lemoteur.fr
free.fr ?q search.free.fr
sfr ?q search.sfr.fr
tiscali ?q,key search.tiscali.it search-dyn.tiscali.it tiscali.co.uk
libero ?query ricerca.libero.it arianna.libero.it
xfinity ?q my.xfinity.com search.xfinity.com
verizon ?q search.verizon.com
charter ?q charter.net
cnn ?query websearch.cnn.com
opera ?q,search portal.opera.com
"""

AI = """
chatgpt ?q chatgpt.com chat.openai.com openai.com com.openai.chatgpt
perplexity ?q perplexity.ai ai.perplexity.app.android
gemini ?q gemini.google.com bard.google.com com.google.android.apps.bard
copilot ?q copilot.microsoft.com copilot.cloud.microsoft
claude ?q claude.ai com.anthropic.claude
deepseek ?q chat.deepseek.com deepseek.com
grok ?q grok.com x.ai
meta-ai ?q meta.ai
mistral ?q chat.mistral.ai
you ?q you.com
poe ?q poe.com
phind ?q phind.com
qwen ?q chat.qwen.ai tongyi.aliyun.com
kimi ?q kimi.com kimi.moonshot.cn
doubao ?q doubao.com
pi ?q pi.ai
notebooklm ?q notebooklm.google.com
character-ai ?q character.ai
huggingchat ?q huggingface.co
komo ?q komo.ai
andi ?q andisearch.com
iask ?q iask.ai
felo ?q felo.ai
genspark ?q genspark.ai
maritaca ?q chat.maritaca.ai
"""

SOCIAL = """
facebook facebook.com fb.com fb.me l.facebook.com lm.facebook.com facebook.net com.facebook.katana
messenger messenger.com m.me
instagram instagram.com ig.me com.instagram.android
threads threads.net threads.com
whatsapp whatsapp.com wa.me web.whatsapp.com com.whatsapp
twitter twitter.com t.co x.com com.twitter.android
linkedin linkedin.com lnkd.in com.linkedin.android
pinterest pinterest.* pin.it com.pinterest
tiktok tiktok.com com.zhiliaoapp.musically
snapchat snapchat.com
reddit reddit.com redd.it out.reddit.com com.reddit.frontpage
tumblr tumblr.com
telegram telegram.org t.me telegram.me web.telegram.org org.telegram.messenger
discord discord.com discordapp.com discord.gg
bluesky bsky.app go.bsky.app
mastodon mastodon.social mastodon.online mstdn.social mstdn.jp
vk vk.com vkontakte.ru away.vk.com vk.ru
odnoklassniki ok.ru odnoklassniki.ru
weibo weibo.com weibo.cn t.cn
wechat weixin.qq.com wechat.com
qzone qzone.qq.com
douban douban.com
line line.me
kakao kakao.com
viber viber.com
skype skype.com web.skype.com
quora quora.com
medium medium.com
stackoverflow stackoverflow.com
stackexchange stackexchange.com
github github.com
hackernews news.ycombinator.com
flickr flickr.com flic.kr
xing xing.com
meetup meetup.com
nextdoor nextdoor.com
goodreads goodreads.com
foursquare foursquare.com
livejournal livejournal.com livejournal.ru
myspace myspace.com
deviantart deviantart.com
dribbble dribbble.com
behance behance.net
buffer buffer.com
disqus disqus.com
digg digg.com
delicious delicious.com
stumbleupon stumbleupon.com
mix mix.com
slashdot slashdot.org
diigo diigo.com
pocket getpocket.com
flipboard flipboard.com
blogger blogger.com blogspot.*
wordpress wordpress.com
typepad typepad.com
plurk plurk.com
hi5 hi5.com
badoo badoo.com
tagged tagged.com
orkut orkut.com
google-plus plus.google.com plus.url.google.com
hootsuite hootsuite.com ow.ly
linktree linktr.ee lnk.bio
substack substack.com
patreon patreon.com
kwai kwai.com kwai.app
gab gab.com
gettr gettr.com
parler parler.com
truthsocial truthsocial.com
minds minds.com
mixi mixi.jp
ameba ameba.jp ameblo.jp
renren renren.com
xiaohongshu xiaohongshu.com
zhihu zhihu.com
tieba tieba.baidu.com
naver-cafe cafe.naver.com blog.naver.com
hatena hatena.ne.jp b.hatena.ne.jp
skyrock skyrock.com
viadeo viadeo.com
copainsdavant copainsdavant.linternaute.com
netlog netlog.com
tuenti tuenti.com
hyves hyves.nl
nk nk.pl
draugiem draugiem.lv
ning ning.com
gaiaonline gaiaonline.com
friendster friendster.com
bebo bebo.com
sonico sonico.com
habbo habbo.com
last.fm last.fm
identi.ca identi.ca
friendfeed friendfeed.com
classmates classmates.com
myheritage myheritage.com
geni geni.com
xanga xanga.com
cyworld global.cyworld.com
weeworld weeworld.com
fotolog fotolog.com
mylife mylife.ru
moikrug moikrug.ru
multiply multiply.com
tripadvisor tripadvisor.*
yelp yelp.*
"""

VIDEO = """
youtube youtube.* youtu.be youtube-nocookie.com com.google.android.youtube
vimeo vimeo.com
dailymotion dailymotion.com dai.ly
twitch twitch.tv
netflix netflix.com
disneyplus disneyplus.com
hulu hulu.com
globoplay globoplay.globo.com
bilibili bilibili.com
iqiyi iqiyi.com iq.com
youku youku.com
niconico nicovideo.jp
rumble rumble.com
wistia wistia.com
ted ted.com
rutube rutube.ru
veoh veoh.com
vevo vevo.com
crackle crackle.com
kick kick.com
"""

SHOPPING = """
amazon amazon.* amzn.to a.co
ebay ebay.* ebay.com.hk
mercadolivre mercadolivre.com.br mercadolivre.com mercadolibre.com mercadolibre.com.ar mercadolibre.com.mx
shopee shopee.* shopee.com.br
aliexpress aliexpress.com aliexpress.us pt.aliexpress.com
alibaba alibaba.com
taobao taobao.com
tmall tmall.com
jd jd.com
magalu magazineluiza.com.br magalu.com
americanas americanas.com.br
casasbahia casasbahia.com.br
buscape buscape.com.br
zoom zoom.com.br
bondfaro bondfaro.com.br
jacotei jacotei.com.br
promobit promobit.com.br
pelando pelando.com.br
olx olx.* olx.com.br
enjoei enjoei.com.br
elo7 elo7.com.br
google-shopping shopping.google.com
yahoo-shopping shopping.yahoo.com shopping.yahoo.co.jp
walmart walmart.com walmart.ca walmart.com.mx
target target.com
etsy etsy.com
shopzilla shopzilla.com
pricegrabber pricegrabber.com
nextag nextag.com
shopping.com shopping.com
bizrate bizrate.com
idealo idealo.de idealo.co.uk idealo.fr idealo.it idealo.es
kelkoo kelkoo.*
pricerunner pricerunner.com pricerunner.dk pricerunner.se
ceneo ceneo.pl
heureka heureka.cz heureka.sk
skroutz skroutz.gr
geizhals geizhals.de geizhals.at
billiger billiger.de
leguide leguide.com
twenga twenga.*
become become.com
pronto pronto.com
rakuten rakuten.com rakuten.co.jp
temu temu.com
shein shein.com br.shein.com
allegro allegro.pl
flipkart flipkart.com
lazada lazada.*
wish wish.com
stripe checkout.stripe.com
shop.app shop.app
kakaku kakaku.com
coupang coupang.com
ozon ozon.ru
wildberries wildberries.ru
"""

EMAIL = """
gmail mail.google.com inbox.google.com com.google.android.gm
outlook outlook.live.com outlook.office.com outlook.office365.com mail.live.com hotmail.msn.com outlook.com
yahoo-mail mail.yahoo.com mail.yahoo.net mail.yahoo.co.uk mail.yahoo.co.jp
icloud www.icloud.com icloud.com
aol-mail mail.aol.com
proton mail.proton.me mail.protonmail.com
zoho mail.zoho.com
yandex-mail mail.yandex.*
mail.ru e.mail.ru mail.ru
gmx-mail gmx.net gmx.com gmx.de navigator.gmx.net deref-gmx.net
web.de-mail web.de deref-web.de
uol-mail email.uol.com.br mail.uol.com.br
bol-mail email.bol.uol.com.br mail.bol.com.br
terra-mail mail.terra.com.br webmail.terra.com.br
ig-mail email.ig.com.br
naver-mail mail.naver.com
daum-mail mail2.daum.net mail.daum.net
qq-mail mail.qq.com
163-mail mail.163.com
126-mail mail.126.com
sina-mail mail.sina.com.cn
orange-webmail webmail.orange.fr webmail1e.orange.fr
free-webmail zimbra.free.fr webmail.free.fr
laposte webmail.laposte.net
sfr-webmail webmail.sfr.fr messagerie.sfr.fr
libero-mail mail.libero.it
seznam-mail email.seznam.cz
o2-mail poczta.o2.pl
wp-mail poczta.wp.pl
fastmail fastmail.com
comcast-mail mail.comcast.net
mynet mail.mynet.com eposta.mynet.com
optus-mail mail.optuszoo.com.au
bigpond-mail webmail.bigpond.com email.telstra.com
virgin-mail mail.virginmedia.com mail2.virginmedia.com
tiscali-mail mail.tiscali.it
freenet-mail office.freenet.de webmail.freenet.de
arcor-mail arcor.de
t-online-mail email.t-online.de
voila mail.voila.fr
vodafone-mail webmail.vodafone.co.nz
"""

_TABLES = {
    "search": SEARCH,
    "ai": AI,
    "social": SOCIAL,
    "video": VIDEO,
    "shopping": SHOPPING,
    "email": EMAIL,
}
_SECOND_LEVEL = frozenset(["co", "com", "ne", "net", "org", "or", "gov", "ac", "edu", "gob"])


def _read() -> tuple[dict[str, KnownSite], dict[str, KnownSite], dict[str, str]]:
    exact: dict[str, KnownSite] = {}
    anywhere: dict[str, KnownSite] = {}
    mediums: dict[str, str] = {}
    for medium, table in _TABLES.items():
        for line in table.strip().splitlines():
            source, *hosts = line.split()
            terms = tuple(hosts.pop(0)[1:].split(",")) if hosts[0].startswith("?") else ()
            site = KnownSite(medium, source, terms)
            mediums.setdefault(source, medium)
            for host in hosts:
                stem = host.removesuffix(".*")
                (exact if stem == host else anywhere).setdefault(stem, site)
    return exact, anywhere, mediums


_EXACT, _ANYWHERE, MEDIUM_OF_SOURCE = _read()
"""The last one: the medium by our name of a source, for `utm_source=facebook`."""


def find(host: str) -> KnownSite | None:
    """The known site that a host belongs to; the longest match wins: mail.google.com is not Search."""
    labels = host.split(".")
    for start in range(min(len(labels), 8)):
        name = ".".join(labels[start:])
        if site := _EXACT.get(name):
            return site
        if site := _ANYWHERE.get(_stem(labels[start:])):
            return site
    return None


def _stem(labels: list[str]) -> str:
    """`google` of google.com.br, google.de and google.com; empty when there is no such ending."""
    if len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        return ".".join(labels[:-2])
    return ".".join(labels[:-1]) if len(labels) >= 2 and len(labels[-1]) <= 3 else ""
