import { wordSet } from './word-set.ts';

/**
 * Words of a language's grammar and of every conversation. They tell the language (a word of
 * several lists counts for each of them a little), and they are never topics.
 */
export const commonWords: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'en',
    wordSet(
      'the and i you is are my to of it that have has was for with what do not but this be can like your they she he we',
      "i'm don't it's yes no hello thanks am at from how about would good really love two in on so me a an as if or his",
      'her our their there been were will just when who which than then also because some any very much more going think',
      "want need know feel had did does get got him them us too let's that's i've i'd i'll you're can't didn't doesn't",
    ),
  ],
  [
    'es',
    wordSet(
      'el la los las que y en un una es por con para mi me gusta yo pero muy hola tengo soy está estoy qué cómo sí gracias',
      'no de del al se lo le su sus mis nos te tu tú más ya como cuando porque si también hay fue ser son estaba tiene',
      'hace años todo todos toda esto eso este esta ese esa hoy ayer mañana ahora siempre nunca mucho mucha muchos muchas',
      'nada algo bien mal voy vamos quiero puedo hacer creo días cada sobre hasta desde después antes entonces donde dónde',
      'gustan encanta encantan ella ellos nosotros usted ustedes tienes eres buenos buenas noches tardes favor además casi',
      'solo sólo otra otro otros otras tan tanto poco poca vez veces estar había sido',
    ),
  ],
  [
    'fr',
    wordSet(
      "le la les et est je tu vous une un des que pas pour dans avec mon ma suis j'ai c'est j'aime bonjour merci oui très mais",
      'de du au aux en il elle nous ils elles on ne se ce cette ces mes son sa ses qui sur par plus non aussi comme quand',
      'parce tout tous toute toutes bien fait faire vais être avoir était ont sont peu beaucoup toujours jamais depuis',
      "aujourd'hui hier demain maintenant alors donc encore même moi toi lui leur leurs votre notre d'un d'une n'est qu'il",
      'salut peut peux veux voudrais avait sans chez où comment pourquoi quel quelle rien chaque autre autres',
    ),
  ],
  [
    'de',
    wordSet(
      'der die das und ich ist nicht ein eine mit für auf zu mein meine bin habe du sie wir wie hallo danke ja sehr auch aber',
      'in an am im so was war es den dem des einen einem einer er von vom zum zur bei aus nach seit über unter vor um als',
      'wenn weil dass ob oder nur noch schon mal dann denn doch hier da dort heute gestern morgen jetzt immer nie oft gern',
      'gerne viel viele mehr wieder mir mich dir dich uns euch ihr ihm ihn meinen meinem meiner hat haben hatte sind wird',
      'werden kann können muss möchte will würde wäre gut guten abend tag nein kein keine keinen etwas nichts alles alle',
      'jeden jede jeder beim ins durch ohne gegen bis sich sein seine man mag wirklich vielleicht nächste nächsten letzte',
      'woche wochen wochenende monat monate stunde stunden zeit leute woche jahr jahre jahren zwei drei einmal geht gehe mache machen gemacht finde leider bitte eigentlich ganz',
    ),
  ],
  [
    'it',
    wordSet(
      'il lo gli che di è sono per con non una un mi piace ho ciao grazie molto anche ma come della questo mia mio',
      'la le i e in a da del dei delle nel nella al alla si no se più ci ti noi voi lei lui loro suo sua mie miei quando',
      'perché cosa ha hai abbiamo era stato stata essere fare fatto sempre mai oggi ieri domani adesso ora bene tutto tutti',
      'tutta ogni altro altra dopo prima ancora solo anni sto vado voglio posso vorrei buongiorno buonasera',
    ),
  ],
  [
    'pt',
    wordSet(
      'o os um uma que e de do da em não para com eu meu minha você gosto muito obrigado olá sim mas está tenho sou',
      'a as no na nos nas dos das por se me ao aos mais como quando porque também já foi ser são era isso isto este esta',
      'meus minhas seu sua ele ela eles nós hoje ontem amanhã agora sempre nunca bem tudo todos cada outro outra depois',
      'antes ainda só anos estou vou quero posso fazer bom boa dia noite obrigada tem há até sobre',
    ),
  ],
  [
    'nl',
    wordSet(
      'de het een en ik is niet van met mijn je jij ben heb voor dat wat hoe hallo bedankt ook maar zeer op',
      'in aan te er zo was die deze dit wij we ze hij zij hem haar ons bij naar uit over om als want omdat toch nog al dan',
      'wel geen iets niets alles altijd nooit vaak graag veel meer weer mij me vandaag gisteren morgen nu heeft hebben had',
      'zijn wordt worden kan kunnen moet wil zou goed goede dag avond nee ja elke jaar jaren twee echt misschien',
    ),
  ],
  [
    'pl',
    wordSet(
      'i w na nie jest się to że mam mój moja jestem z do jak cześć dziękuję tak ale lubię o po za od bardzo',
    ),
  ],
  [
    'cs',
    wordSet(
      'a je se že jsem mám na v to ne ale jak můj moje ahoj děkuju ano rád ráda velmi taky také být jsme',
    ),
  ],
  [
    'ro',
    wordSet(
      'și este nu că am un o la de în cu pentru mai îmi place eu sunt dar foarte mulțumesc bună ce meu mea',
    ),
  ],
  [
    'hu',
    wordSet('és hogy nem van az egy én vagyok szeretem köszönöm igen de is nagyon szia mert volt csak már'),
  ],
  [
    'fi',
    wordSet('ja on ei minä olen se että minun kiitos hei kyllä mutta myös hyvin pidän ole oli kun niin'),
  ],
  [
    'tr',
    wordSet(
      've bir bu ben için çok de da ne var benim merhaba teşekkürler evet ama seviyorum değil gibi daha',
    ),
  ],
  [
    'sv',
    wordSet(
      'och jag är det att en ett inte på som med har min mitt hej tack ja men mycket för av om till var i',
    ),
  ],
  [
    'da',
    wordSet(
      'og jeg er det at en et ikke på som med har min mit hej tak ja men meget for af om til var i også',
    ),
  ],
  ['vi', wordSet('tôi là và của có không một rất thích cho với này cảm ơn xin chào bạn được những người')],
  [
    'id',
    wordSet(
      'saya aku yang dan di ini itu tidak untuk dengan ada suka halo terima kasih ya tapi juga bisa sangat',
    ),
  ],
]);
