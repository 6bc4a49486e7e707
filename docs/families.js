/** What docs/FAMILIES.md says in words. */
export const families = [
  {
    title: 'Autoregressive',
    about: `An image is a sequence of values, and its probability the product of each value's probability given those before
it: log p(x) = Σ log p(x_i | x_<i). Every factor is a softmax (or a mixture of logistics) that a network computes from what
lies above and to the left, so the likelihood is exact and training is plain cross-entropy: it is a language model of
pixels. What has to be arranged is only that no output sees its own pixel or a later one: by masks on convolutions
(PixelCNN), by recurrence (PixelRNN) or by causal attention (image GPT). All pixels of a training image are predicted at
once, but drawing has to go one by one: 784 steps for a digit. What a step has computed is kept, so that only what changes
is computed again. An image can be continued from any upper part. There is no code for an image, and nothing to interpolate.
Strong likelihoods, slow drawing: the family of GPT.`,
    train: ['npx descent train gated-pixel-cnn --data mnist --model.conditional true --out runs/gated-pixel-cnn'],
    draw: ['npx descent sample runs/gated-pixel-cnn --class 7', 'npx descent complete runs/gated-pixel-cnn --keep 0.5'],
    models: [
      {
        name: 'pixel-rnn',
        about: 'Rows of LSTMs that see the whole triangle above a pixel (van den Oord et al. 2016).',
      },
      { name: 'pixel-cnn', about: 'Masked convolutions; parallel in training (van den Oord et al. 2016).' },
      {
        name: 'gated-pixel-cnn',
        about: 'Two stacks without a blind spot, gated, told the class where asked (van den Oord et al. 2016).',
        recipes: ['gated-pixel-cnn', 'conditional-pixel-cnn'],
      },
      {
        name: 'pixel-cnn-plus-plus',
        about: 'Mixtures of discretised logistics, down and up again with shortcuts (Salimans et al. 2017).',
      },
      {
        name: 'image-gpt',
        about:
          "The text models' own GPT over tokens of a palette (Chen et al. 2020); its middle layers know the classes.",
      },
    ],
  },
  {
    title: 'Auto-encoding',
    about: `An encoder squeezes an image into a short code and a decoder makes the image again. A plain auto-encoder only
reconstructs; a variational one draws the code from q(z | x), pays for every nat by which that differs from p(z), and so
has a bound on the likelihood: log p(x) ≥ E log p(x | z) − KL(q(z | x) ‖ p(z)). Drawing takes one pass of the decoder. Codes
near each other are alike, so that one image turns into another along a line. The bound is loose by as much as q differs
from the true posterior: with many draws (IWAE), or flows for posterior and prior, it comes closer. What the pixels keep
to themselves given z is drawn independently, which is why means of a VAE are soft. A code of entries from a learned
codebook (VQ-VAE) leaves the drawing of codes to another family. A masked auto-encoder (MAE) draws nothing at all: from a
quarter of the patches it guesses the rest, and what its encoder has learnt by that serves other tasks. It is BERT for
images.`,
    train: ['npx descent train vae --data mnist --out runs/vae'],
    draw: [
      'npx descent sample runs/vae',
      'npx descent reconstruct runs/vae',
      'npx descent interpolate runs/vae --animate walk.gif',
    ],
    models: [
      {
        name: 'autoencoder',
        about: 'A code and back; denoising where its input is made noisy.',
        recipes: ['ae', 'denoising-ae'],
      },
      {
        name: 'vae',
        about: 'Kingma & Welling 2014; with many draws the importance-weighted bound of Burda et al. 2016.',
        recipes: ['vae', 'iwae'],
      },
      {
        name: 'vae-flow',
        about: 'Flows for the posterior (inverse autoregressive, Kingma et al. 2016) and for the prior.',
      },
      {
        name: 'vq-vae',
        about: 'Codes from a codebook, and a gated PixelCNN that draws them (van den Oord et al. 2017).',
      },
      { name: 'mae', about: 'He et al. 2022: sees a quarter of the patches.' },
    ],
  },
  {
    title: 'Adversarial',
    about: `Two networks play. A generator makes images from noise; a discriminator tells them from real ones; each learns from
the other's mistakes. Nothing is reconstructed and no probability is computed: there is no likelihood, no bound and no code,
only samples, which come in a single pass and are sharp from early on. The game has no loss that must fall, so it may
circle, or the generator may settle on a few images that always deceive (mode collapse): the figures to watch are how many
of the classes appear, how far fakes lie from each other, and how often the discriminator is right. Much of the family is
about keeping the game fair: the Wasserstein distance with a gradient penalty, spectral normalisation, a penalty on real
images now and then (R1), augmentation that the discriminator cannot see through. A style-based generator adds a space of
styles in which coarse and fine traits can be mixed, and a truncation that trades variety for typicality.`,
    train: ['npx descent train dcgan --data mnist --model.condition projection --out runs/dcgan'],
    draw: ['npx descent sample runs/dcgan --class 3', 'npx descent interpolate runs/dcgan --animate walk.gif'],
    models: [
      { name: 'gan', about: 'Goodfellow et al. 2014: the original game, and the non-saturating one.' },
      { name: 'dcgan', about: 'Radford et al. 2016: convolutions all the way.' },
      { name: 'wgan-gp', about: 'Gulrajani et al. 2017: a critic whose gradient has norm 1.' },
      { name: 'spectral-gan', about: 'Miyato et al. 2018: the largest singular value of every layer is 1.' },
      { name: 'style-gan', about: 'Karras et al. 2019 and 2020, at small size.' },
      { name: 'super-resolution-gan', about: 'Ledig et al. 2017: enlarges, and is judged by a discriminator.' },
    ],
  },
  {
    title: 'Flow',
    about: `A flow bends noise into images by steps that can all be taken back, each with a Jacobian whose determinant is cheap.
So the likelihood of an image is exact, log p(x) = log p(f(x)) + log |det ∂f/∂x|, and the same network encodes, decodes and
draws. A coupling leaves half of the numbers as they are and moves the other half by what it computes from the first; learnt
rotations between couplings mix the channels; at each scale half of the channels leave, so that fine detail is told apart
from form. Pixels are whole numbers and a density is not a probability, so noise is added within each grey level (uniform, or
learned), which makes the figure a bound by a hair. Masked autoregressive flows give up fast drawing for strength. Given a
small image, a flow draws large ones that fit it, different ones at each temperature (SRFlow). Everything is invertible, so
nothing may be thrown away: flows need more parameters than others for equally good pictures.`,
    train: ['npx descent train glow --data mnist --out runs/glow'],
    draw: ['npx descent sample runs/glow --temperature 0.7', 'npx descent upscale runs/sr-flow small.png --samples 4'],
    models: [
      { name: 'real-nvp', about: 'Dinh et al. 2017: checkerboards and channels take turns.' },
      { name: 'glow', about: 'Kingma & Dhariwal 2018: learnt rotations; affine or spline couplings.' },
      { name: 'maf', about: 'Papamakarios et al. 2017: one pass to judge, many to draw.' },
      { name: 'sr-flow', about: 'Lugmayr et al. 2020: a conditional Glow that enlarges four times.' },
    ],
  },
  {
    title: 'Diffusion',
    about: `Noise is added to an image, a little more at each of many steps, until nothing else is left; a network learns to
take it away. That is one regression: given an image with noise of known strength, say what the image was (or, which comes
to the same, the noise, or a mixture of both). Drawing starts from noise and goes down a list of strengths, and the list, the
number of steps and the rule of a step can be chosen after training: ancestral steps (DDPM), without fresh noise (DDIM, which
can also be run backwards into a code), or better solvers of the same differential equation. The objective weights the terms
of a variational bound, so a likelihood can be bounded too. What an image shall be (its class, a text, a small version of
itself, a map of regions) is given to the network, and guidance exaggerates the difference that it makes. Known pixels are
kept in place to fill in the rest. In the code of an auto-encoder instead of pixels it is latent diffusion, and with text
Stable Diffusion. Stable to train, slow to draw.`,
    train: ['npx descent train ddpm --data mnist --model.conditional true --out runs/ddpm'],
    draw: [
      'npx descent sample runs/ddpm --class 7 --steps 50 --guidance 2',
      'npx descent inpaint runs/ddpm --mask lower',
    ],
    models: [
      {
        name: 'ddpm',
        about: 'Ho et al. 2020, Nichol & Dhariwal 2021; drawn in fewer steps by DDIM (Song et al. 2021).',
        recipes: ['ddpm', 'ddim'],
      },
      { name: 'edm', about: 'Karras et al. 2022: the same with every choice made apart from the others.' },
      {
        name: 'guided-diffusion',
        about: 'Told the class, a small image or a map of regions (Dhariwal & Nichol 2021).',
      },
      { name: 'latent-diffusion', about: 'Rombach et al. 2022: in the code of an auto-encoder.' },
    ],
  },
  {
    title: 'Language and image together',
    about: `CLIP learns from pairs of image and caption alone: two encoders, one for each, that agree where a pair belongs
together and disagree otherwise. So images can be found by words, and classified by the names of classes that no label
was ever seen for. Its vectors also bridge generation: DALL-E 2 turns a text's vector into an image's (the prior) and that into
an image (the decoder). Stable Diffusion goes straight: the tokens of the caption are attended to by the network that takes
noise away from the code of an image.`,
    train: ['npx descent train stable-diffusion --data mnist-captions --out runs/stable-diffusion'],
    draw: ['npx descent sample runs/stable-diffusion --text "a slanted handwritten seven" --guidance 3'],
    models: [
      { name: 'clip', about: 'Radford et al. 2021.' },
      { name: 'stable-diffusion', about: 'Rombach et al. 2022, from text.' },
      { name: 'dalle2', about: 'Ramesh et al. 2022: CLIP, prior, decoder.' },
    ],
  },
];
